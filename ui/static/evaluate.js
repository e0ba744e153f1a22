// Evaluations: choosing a questions file, watching the run, reading its result.

let shownRun = null, running = false, stopping = false;

function showEvaluations() {
  listRuns();
  listAnswerers();
}

async function listRuns() {
  const reply = await call("runs");
  if (!reply.error) $(".runs .list").innerHTML = reply.html;
  if (shownRun) openRun(shownRun);
}

async function openRun(name) {
  const reply = await call("run", { run: name });
  if (!reply.error) putRun(name, reply.html);
}

function putRun(name, html) {
  shownRun = name;
  $(".run").innerHTML = html;
}

function setRunning(now) {
  running = now;
  stopping = false;
  $(".stop-run").hidden = !now;
  $(".stop-run").disabled = false;
  for (const one of $$('[data-do="choose_questions"], [data-do="draft_questions"]')) one.disabled = now;
  $(".progress").hidden = !now;
}

function startRun(file) {
  if (running) return;
  setRunning(true);
  $(".progress").textContent = "…";
  const values = { file, answerer: state.answerer, language: state.language };
  enqueue("evaluate", values, () => running, (why) => { setRunning(false); toast(why, true); });
}

function onRun(reply) {
  if (!running || !("done" in reply)) return;
  if (!reply.done) {
    if (!stopping) $(".progress").textContent = reply.text;
    $(".progress").style.setProperty("--share", `${Math.round(reply.share * 100)}%`);
    return;
  }
  setRunning(false);
  if (reply.error) { toast(reply.error, true); listRuns(); return; }
  putRun(reply.run, reply.html);
  listRuns();
  $(".run").scrollIntoView({ block: "start" });
}
addEventListener("chuchu-runs", (event) => onRun(event.detail ?? {}));

$(".questions-file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  try {
    const { path } = await upload(file);
    startRun({ path, name: file.name });
  } catch (error) {
    toast(uploadFailed(file.name, error), true);
  }
});

const evaluateDeeds = {
  choose_questions: () => $(".questions-file").click(),
  draft_questions: () => startRun(null),
  stop_run: (button) => { button.disabled = true; stopping = true; $(".progress").textContent = say("run_stopping"); call("stop_run"); },
  open_run: (button) => openRun(button.dataset.run),
  report: async () => { const reply = await call("report", { run: shownRun }); if (!reply.error) save(reply); },
  open_result: async (button) => {
    const reply = await call("open_result", { run: shownRun, question: button.dataset.question });
    if (!reply.error) location.href = `./#chat-${reply.conversation}`;
  },
};
