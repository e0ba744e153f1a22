// The pages beside the chat: the library as a table, and evaluations. Each does what its elements ask for.

const kind = page.dataset.page;
const report = (html) => { const box = $(".report"); box.innerHTML = html; box.hidden = false; };

let listing = 0; // counts the calls: of searches that overtake each other the last one counts
async function listRows() {
  const mine = listing += 1;
  const reply = await call("stats", { query: $(".find").value });
  if (reply.error || mine !== listing) return;
  $(".stats").innerHTML = reply.html;
  localDays($(".stats"));
  $("tbody.list").innerHTML = reply.rows;
}
const afterReading = () => listRows();

const idOf = (button) => Number(button.closest("[data-document]").dataset.document);
const libraryDeeds = {
  verify: async () => { const reply = await call("verify"); if (!reply.error) report(reply.html); },
  reread: (button) => readAgain(idOf(button)),
  remove: async (button) => {
    if (!confirm(say("remove_sure", { title: button.closest("tr").dataset.title }))) return;
    const reply = await call("remove", { document: idOf(button) });
    if (!reply.error) listRows();
  },
  ask_only: (button) => { remember("scope", String(idOf(button))); location.href = "./"; },
};

const show = kind === "library" ? listRows : showEvaluations; // the other one is not there
const deeds = {
  ...(kind === "library" ? { ...uploadDeeds, ...libraryDeeds } : evaluateDeeds),
  theme: switchTheme,
  language: () => {
    state.language = state.language === "zh" ? "en" : "zh";
    remember("language", state.language);
    setWords();
    show();
  },
};
page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) deeds[button.dataset.do]?.(button);
});
let typing;
page.addEventListener("input", (event) => {
  if (!event.target.matches("input.find")) return;
  clearTimeout(typing);
  typing = setTimeout(listRows, 200);
});
setWords();
show();
page.classList.add("ready");
