// What each button does, the keyboard, and the beginning.

const turnOf = (button) => button.closest(".turn");
const rowOf = (button) => button.closest("li");

const deeds = {
  send: () => {
    const edited = $(".turn.edited", turns);
    if (edited && question.value.trim() && !agreed(edited)) return;
    if (ask(question.value, { replaces: state.replaces })) { question.value = ""; grow(); }
  },
  stop,
  new: () => newChat(),
  ask_this: (button) => ask(button.textContent),
  retry: (button) => {
    const turn = turnOf(button);
    if (agreed(turn)) ask(questionOf(turn), { replaces: Number(turn.dataset.message) });
  },
  edit: (button) => edit(turnOf(button)),
  cancel_edit: () => { cancelEdit(); question.value = ""; grow(); },
  undo: (button) => undo(turnOf(button)),
  copy: (button) => copy(answerText(turnOf(button))),
  up: (button) => give(turnOf(button), "up", button),
  down: (button) => give(turnOf(button), "down", button),
  wrong_citation: (button) => give(turnOf(button), "wrong_citation", button),
  open: (button) => showEvidence(button.closest(".card").dataset.anchor),
  exclude: (button) => exclude(button.closest(".card")),
  copy_source: (button) => { const card = button.closest(".card"); copy(`“${card.dataset.quote}”\n${state.language === "zh" ? "——" : "—"} ${card.dataset.source}`); },
  close_reader: leaveReader,
  next_mark: nextMark,
  view_text: viewText,
  view_page: () => showPage(open.page),
  read: (button) => readDocument(Number(rowOf(button).dataset.document), button),
  remove: async (button) => {
    const row = rowOf(button);
    if (!confirm(say("remove_sure", { title: row.dataset.title }))) return;
    const reply = await call("remove", { document: Number(row.dataset.document), chosen: [...state.chosen], query: $(".find", documents).value });
    if (!reply.error) putDocuments(reply);
  },
  reread: (button) => readAgain(Number(rowOf(button).dataset.document)),
  scope_clear: () => { state.chosen.clear(); listDocuments(); },
  ...uploadDeeds,
  conversation: (button) => openChat(Number(rowOf(button).dataset.conversation)),
  rename: (button) => {
    const row = rowOf(button), title = prompt(say("rename"), $("b", row).textContent);
    if (title) listConversations("rename", { conversation: Number(row.dataset.conversation), title, current: state.conversation });
  },
  delete: async (button) => {
    const id = Number(rowOf(button).dataset.conversation);
    if (!confirm(say("delete_sure"))) return;
    const reply = await listConversations("delete", { conversation: id, current: state.conversation });
    if (!reply.error && id === state.conversation) newChat();
  },
  language: () => setLanguage(state.language === "zh" ? "en" : "zh"),
  theme: switchTheme,
  export_menu: () => showExports($(".export .items").hidden),
  export_markdown: () => { showExports(false); exportChat("markdown"); },
  export_html: () => { showExports(false); exportChat("html"); },
  export_json: () => { showExports(false); exportChat("json"); },
};

// The answer as it reads, its chips as [n] again.
function answerText(turn) {
  const text = $(".answer", turn).cloneNode(true);
  for (const chip of $$("a.cite:not(.near)", text)) chip.textContent = `[${chip.textContent}]`;
  return $$(".short, .text p", text).map((line) => line.textContent.trim()).join("\n");
}

function exclude(card) {
  const target = parseAnchor(card.dataset.anchor), turn = $(`.turn[data-message="${target.message}"]`, turns);
  if (!turn || !agreed(turn)) return;
  if (state.excludedFrom !== questionOf(turn)) state.excluded = [];
  state.excludedFrom = questionOf(turn);
  state.excluded = [...new Set([...state.excluded, ...card.dataset.chunks.split(",").filter(Boolean).map(Number)])];
  ask(questionOf(turn), { replaces: target.message, excluded: state.excluded });
}

function showExports(show) {
  $(".export .items").hidden = !show;
  $('[data-do="export_menu"]').setAttribute("aria-expanded", String(show));
}

async function setLanguage(language) {
  state.language = language;
  remember("language", language);
  setWords();
  await Promise.all([listDocuments(), listAnswerers(), state.busy ? null : state.conversation === null ? welcome() : reopenChat()]);
  if (state.conversation === null) { putCards(null, ""); listConversations(); }
}

page.addEventListener("click", (event) => {
  const chip = event.target.closest("a.cite");
  if (chip) { event.preventDefault(); showEvidence(anchorOf(chip), { from: chip }); return; }
  if (event.target.closest(".skip")) { event.preventDefault(); showTab("centre"); question.focus(); return; } // the address names the chat
  const button = event.target.closest("[data-do]");
  if (!event.target.closest(".export")) showExports(false);
  if (button) { deeds[button.dataset.do]?.(button); return; }
  const tab = event.target.closest("[data-tab]");
  if (tab && tab !== page) { showTab(tab.dataset.tab); return; }
  if (page.dataset.tab === "right" && event.target.closest(".centre")) showTab("centre"); // beside the drawer
  const card = event.target.closest(".card");
  if (card && !getSelection().toString()) showEvidence(card.dataset.anchor);
});
page.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("li[data-document] > input")) {
    const id = Number(box.closest("li").dataset.document);
    if (box.checked) state.chosen.add(id); else state.chosen.delete(id);
    listDocuments();
  }
});

let typing;
page.addEventListener("input", (event) => {
  if (event.target === question) { grow(); return; }
  if (!event.target.matches("input.find")) return;
  clearTimeout(typing);
  typing = setTimeout(event.target.name === "documents" ? listDocuments : listConversations, 200);
});

for (const [shows, hides] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
  page.addEventListener(shows, (event) => { const chip = event.target.closest("a.cite, .doubt"); if (chip) showTip(chip); });
  page.addEventListener(hides, (event) => { if (event.target.closest("a.cite, .doubt")) hideTip(); });
}

question.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return; // Enter that ends a Chinese word does not send
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); deeds.send(); }
  const last = $$(".turn[data-message]", turns).at(-1);
  if (event.key === "ArrowUp" && !question.value && last) { event.preventDefault(); edit(last); }
});
question.addEventListener("paste", ({ clipboardData }) => { // what is too long, the box cuts off without a word
  const kept = question.value.length - (question.selectionEnd - question.selectionStart);
  if (kept + clipboardData.getData("text").length > question.maxLength) toast(say("question_cut", { limit: question.maxLength }), true);
});
const onKey = (event) => {
  if (event.key === "Enter" && event.target.matches?.(".card")) showEvidence(event.target.dataset.anchor);
  if (event.key !== "Escape" || event.isComposing) return;
  if (!$(".export .items").hidden) { showExports(false); $('[data-do="export_menu"]').focus(); }
  else if (state.busy) stop();
  else if (!tip.hidden) hideTip();
  else if (state.replaces !== null) deeds.cancel_edit();
  else if (!reader.hidden) leaveReader();
  else if (page.dataset.tab === "right" && ![left, centre].some((one) => one.contains(document.activeElement))) leaveEvidence();
};
document.addEventListener("keydown", onKey);

function keepForReturn() {
  sessionStorage.setItem(DRAFT, question.value || turns.lastElementChild?.dataset.question || "");
  sessionStorage.setItem(OPEN, state.conversation ?? "");
}

addEventListener("hashchange", async () => {
  const linked = linkedChat();
  if (linked && linked !== state.conversation && !await openChat(linked)) showAddress();
});

addEventListener("chuchu-answers", (event) => onAnswer(event.detail ?? {}));

async function start() {
  setWords();
  showTab("centre");
  putCards(null, "");
  const again = JSON.parse(sessionStorage.getItem(AGAIN)); // asked when the server had gone
  sessionStorage.removeItem(AGAIN);
  for (const id of again?.chosen ?? []) state.chosen.add(id);
  const asked = remembered("scope"); // from the page of the library
  if (asked) { state.chosen.add(Number(asked)); remember("scope", ""); }
  listDocuments();
  listAnswerers();
  const linked = linkedChat(), kept = sessionStorage.getItem(OPEN);
  const opened = linked ? await openChat(linked) : kept && await openChat(Number(kept), { quiet: true });
  if (!opened) { listConversations(); welcome(); }
  const draft = sessionStorage.getItem(DRAFT);
  if (draft && draft.trim() !== again?.asked) question.value = draft; // without one, what was typed meanwhile stays
  sessionStorage.removeItem(DRAFT);
  addEventListener("pagehide", keepForReturn); // not before: what is kept would be lost with a page that is left early
  if (again) ask(again.asked, again);
  grow();
  page.classList.add("ready");
  question.focus({ preventScroll: true });
}
start();
