// The conversation: asking, watching the answer come, stopping, asking again.

let working = null; // the turn that is being answered
let ticket = "";    // of the question under way
let wanted = 0;     // counts what is wanted of the conversation: a reply to an earlier wish comes too late
// The last turn is kept in view from its beginning on, until its reader scrolls.
let following = true;
for (const moved of ["wheel", "touchmove", "pointerdown", "keydown"]) scroller.addEventListener(moved, () => { following = false; }, { passive: true });
function follow() {
  const last = turns.lastElementChild;
  if (!following || !last) return;
  const top = last.matches(".turn") ? last.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop : 0;
  scroller.scrollTop = Math.min(scroller.scrollHeight - scroller.clientHeight, top);
}
new ResizeObserver(follow).observe(turns);

async function welcome() {
  const quick = await call("examples", { quick: true });
  if (state.conversation !== null || turns.querySelector(".turn")) return;
  if (!quick.error) turns.innerHTML = quick.html;
  const full = await call("examples");
  if (!full.error && turns.querySelector(".welcome")) turns.innerHTML = full.html;
}

// Returns whether the question is under way: not where it is empty, or the page has to be loaded again first.
function ask(text, { replaces = null, excluded = [] } = {}) {
  const asked = text.trim();
  if (!asked) return false;
  if (broken) { askAfresh(asked, { replaces, excluded }); return false; }
  if (state.busy) stop();
  turns.querySelector(".welcome")?.remove();
  for (const one of $$(".follow-ups", turns)) one.remove();
  const shown = lastShown();
  const replaced = replaces === null ? [] : dropFrom(replaces);
  wanted += 1;
  working = document.createElement("article");
  working.className = "turn";
  Object.assign(working, { replaced, again: { replaces, excluded } });
  working.dataset.question = asked;
  const heading = document.createElement("h2"), words = document.createElement("span"), answer = document.createElement("div");
  heading.className = "question";
  words.textContent = asked;
  heading.append(words);
  answer.className = "place";
  answer.innerHTML = `<div class="answer working"><p class="phase" role="status"></p></div>`;
  $(".phase", answer).textContent = say("searching");
  working.append(heading, answer);
  turns.append(working);
  state.turn += 1;
  setBusy(true);
  cancelEdit();
  following = true;
  follow();
  showTab("centre");
  const turn = state.turn;
  ticket = enqueue("ask", {
    turn, question: asked, conversation: state.conversation, replaces, shown,
    documents: [...state.chosen], exclude: excluded, answerer: state.answerer, language: state.language,
  }, () => state.busy && turn === state.turn, (why, lost) => { broken ||= lost; fail(why); });
  return true;
}

function onAnswer(reply) {
  if (reply.turn !== state.turn || !state.busy || !working) return; // stopped, or of another question
  if (reply.phase === "error") {
    if (reply.html) { // an answer that could not be kept
      $(".place", working).innerHTML = reply.html;
      closeReader();
      putCards(0, reply.cards);
    }
    fail(reply.error);
    if (state.chosen.size) listDocuments(); // they may be gone
    return;
  }
  if (reply.phase !== "answer") { $(".place", working).innerHTML = reply.html; follow(); return; }
  const box = document.createElement("div");
  box.innerHTML = reply.html;
  const made = box.firstElementChild;
  working.replaceWith(made);
  const isNew = state.conversation === null;
  state.conversation = reply.conversation;
  if (isNew) showAddress();
  remember(`answerer-${reply.conversation}`, state.answerer);
  working = null;
  setBusy(false);
  $(".answered").textContent = $(".short, .text", made)?.textContent ?? "";
  closeReader();
  putCards(reply.message, reply.cards);
  follow();
  listConversations();
  followUps(reply.message, made);
}

async function followUps(message, turn) {
  const reply = await call("follow_ups", { message, conversation: state.conversation });
  if (reply.error || !reply.html || state.busy || turns.lastElementChild !== turn) return;
  turn.insertAdjacentHTML("beforeend", reply.html);
  follow();
}

function fail(text) {
  const line = document.createElement("p");
  line.className = "error";
  line.setAttribute("role", "alert");
  line.textContent = text;
  end(line);
}

function stop() {
  if (!state.busy) return;
  call("stop", { ticket }, { quiet: true }); // also where Gradio does not know yet what it is to cancel
  trigger("stop", {});
  const line = document.createElement("p"), words = document.createElement("span");
  line.className = "stopped";
  words.dataset.t = "stopped";
  words.textContent = say("stopped");
  line.append(words);
  end(line);
}

function end(line) {
  const again = document.createElement("button"), asked = working.dataset.question;
  again.type = "button";
  again.className = "plain";
  again.dataset.t = "retry";
  again.textContent = say("retry");
  const ended = working;
  again.onclick = () => { if (!broken) ended.remove(); ask(asked, ended.again); };
  ended.before(...ended.replaced); // nothing took their place, and they are still in the conversation
  line.append(" ", again);
  const place = $(".place", working);
  $(".phase", place)?.remove();
  $(".answer", place)?.classList.remove("working");
  place.append(line);
  working = null;
  setBusy(false);
}

let broken = false; // a page whose stream broke is loaded again before the next question

async function askAfresh(asked, how) {
  if ((await call("alive")).error) return;
  sessionStorage.setItem(AGAIN, JSON.stringify({ ...how, asked, chosen: [...state.chosen] }));
  location.reload();
}

function setBusy(busy) {
  state.busy = busy;
  $(".send").hidden = busy;
  $(".stop").hidden = !busy;
}

// The last message on this page; another one may have gone on with the conversation since.
const lastShown = () => Number($$(".turn[data-message]", turns).at(-1)?.dataset.message) || null;

// Asks before later turns go together with this one; those that are being replaced come back first.
function agreed(turn) {
  const kept = [...$$(".turn[data-message]", turns), ...working?.replaced ?? []], count = kept.length - 1 - kept.indexOf(turn);
  return !count || confirm(say("later_sure", { count }));
}

function dropFrom(message) {
  const dropped = [];
  for (let one = $(`.turn[data-message="${message}"]`, turns); one; one = one.nextElementSibling) dropped.push(one);
  for (const one of dropped) one.remove();
  return dropped.filter((one) => one.dataset.message);
}

const questionOf = (turn) => $(".question > span:last-child", turn).textContent;

function markEdited(turn) {
  state.replaces = Number(turn.dataset.message);
  $(".editing").hidden = false;
  for (const one of $$(".turn.edited")) one.classList.remove("edited");
  turn.classList.add("edited");
}

function edit(turn) {
  markEdited(turn);
  question.value = questionOf(turn);
  grow();
  showTab("centre");
  question.focus();
}

function cancelEdit() {
  state.replaces = null;
  $(".editing").hidden = true;
  for (const one of $$(".turn.edited")) one.classList.remove("edited");
}

async function undo(turn) {
  if (!agreed(turn)) return;
  if (state.busy) stop();
  const reply = await call("undo", { conversation: state.conversation, message: Number(turn.dataset.message), shown: lastShown() });
  if (reply.error) return;
  cancelEdit();
  const dropped = dropFrom(turn.dataset.message);
  if (dropped.some((one) => Number(one.dataset.message) === shownCards)) { closeReader(); putCards(null, ""); }
  question.value = reply.question;
  grow();
  question.focus();
  listConversations();
  if (!turns.querySelector(".turn")) newChat({ keep: true });
}

async function give(turn, kind, button) {
  const taken = button.getAttribute("aria-pressed") === "true";
  const chosen = kind === "wrong_citation" && $("a.cite.current", turn); // the one that was looked at last
  const reply = await call("feedback", {
    message: Number(turn.dataset.message), kind: taken ? "" : kind, citation: chosen ? parseAnchor(anchorOf(chosen)).number : 0,
  });
  if (reply.error) return;
  for (const one of $$(".actions [aria-pressed]", turn)) one.setAttribute("aria-pressed", String(one === button && !taken));
  if (reply.said) toast(reply.said);
}

const linkedChat = () => Number(/^#chat-(\d+)$/.exec(location.hash)?.[1]) || null;
const showAddress = () => history.replaceState(null, "", state.conversation === null ? location.pathname + location.search : `#chat-${state.conversation}`);

function newChat({ keep = false } = {}) {
  if (state.busy) stop();
  wanted += 1;
  state.conversation = null;
  showAddress();
  turns.replaceChildren();
  cancelEdit();
  closeReader();
  putCards(null, "");
  showTab("centre");
  if (!keep) { question.value = ""; grow(); }
  listConversations();
  welcome();
  question.focus();
}

async function openChat(conversation, how = {}) {
  if (state.busy) stop();
  const mine = wanted += 1;
  const reply = await call("conversation", { conversation }, how);
  if (reply.error) return false;
  if (mine !== wanted) return true;
  state.conversation = conversation;
  chooseAnswerer(remembered(`answerer-${conversation}`) ?? state.answerer);
  showAddress();
  turns.innerHTML = reply.html;
  cancelEdit();
  closeReader();
  putCards(reply.message, reply.cards);
  showTab("centre");
  listConversations();
  following = true;
  follow();
  const last = turns.lastElementChild;
  if (last) followUps(reply.message, last); else welcome();
  return true;
}

// Opens the conversation in another language; what only this page knows stays: turns that have no answer, and which
// question is being changed.
async function reopenChat() {
  const { conversation, replaces } = state;
  const unanswered = $$(".turn:not([data-message])", turns).map((turn) => ({ turn, previous: turn.previousElementSibling }));
  await openChat(conversation);
  if (state.conversation !== conversation) return;
  const now = (turn) => $(`.turn[data-message="${turn?.dataset.message}"]`, turns) ?? turn;
  for (const { turn, previous } of unanswered) {
    if (previous) now(previous).after(turn); else turns.prepend(turn);
  }
  const edited = $(`.turn[data-message="${replaces}"]`, turns);
  if (edited) markEdited(edited);
}

async function exportChat(format) {
  if (state.conversation === null) return;
  const reply = await call("export", { conversation: state.conversation, format });
  if (!reply.error) save(reply);
}

function grow() {
  question.style.height = "auto";
  question.style.height = `${Math.min(question.scrollHeight, 200)}px`;
}
