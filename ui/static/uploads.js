// Uploads: files and folders, by button and by dropping; what became of them. A page with it has `afterReading`.

const documents = $(".documents");
const MOST_FILES = 2000, AT_ONCE = 3;

async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  const files = [], unread = []; // one file that cannot be read does not stop the others
  const walk = async (entry, path) => {
    if (entry.name.startsWith(".") || files.length > MOST_FILES) return;
    try {
      if (entry.isFile) {
        const file = await new Promise((done, failed) => entry.file(done, failed));
        files.push({ file, name: path + entry.name });
        return;
      }
      const from = entry.createReader();
      for (;;) { // a folder is read a hundred entries at a time
        const some = await new Promise((done, failed) => from.readEntries(done, failed));
        if (!some.length) break;
        for (const one of some) await walk(one, `${path}${entry.name}/`);
      }
    } catch (error) {
      unread.push(uploadFailed(path + entry.name, error));
    }
  };
  for (const entry of entries) await walk(entry, "");
  return { files, unread };
}

async function addFiles(files, failed = []) {
  const visible = files.filter(({ name }) => !name.split("/").pop().startsWith("."));
  const all = visible.slice(0, MOST_FILES);
  if (!all.length && !failed.length) return;
  const done = [];
  if (visible.length > MOST_FILES) failed.push(say("too_many_files", { limit: MOST_FILES }));
  const next = all.values();
  const work = async () => {
    for (const { file, name } of next) {
      try {
        const { path } = await upload(file);
        done.push({ path, name });
      } catch (error) {
        failed.push(uploadFailed(name, error));
      }
      progress(say("uploading", { done: done.length + failed.length, total: all.length }), (done.length + failed.length) / all.length);
    }
  };
  progress(say("uploading", { done: 0, total: all.length }), 0);
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (!done.length) { onReading({ done: true, html: "" }, failed); return; }
  uploadFailures = failed;
  readIn({ files: done });
}

function readIn(values) {
  const box = $(".progress", documents);
  enqueue("ingest", { ...values, language: state.language }, () => !box.hidden, (why) => { box.hidden = true; toast(why, true); });
}

function readAgain(id) {
  progress(say("reading", { done: 0, total: 1 }), 0);
  readIn({ document: id });
}

let uploadFailures = [];
function progress(text, share) {
  const box = $(".progress", documents);
  box.hidden = false;
  box.textContent = text;
  box.style.setProperty("--share", `${Math.round(share * 100)}%`);
}

function onReading(reply, failures = uploadFailures) {
  if (!("done" in reply)) return;
  if (!reply.done) { progress(reply.text, reply.share); return; }
  $(".progress", documents).hidden = true;
  const report = $(".report", documents);
  report.innerHTML = reply.html;
  if (failures.length) {
    const list = document.createElement("ul");
    list.append(...failures.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    report.prepend(list);
    uploadFailures = [];
  }
  if (!reply.html) { // no file came as far as the server
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: say("dismiss") });
    button.dataset.do = "dismiss";
    report.append(button);
  }
  report.hidden = false;
  afterReading();
}

let dragged = 0;
const drop = $(".drop");
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => { if (carriesFiles(event)) { dragged += 1; drop.hidden = false; } });
addEventListener("dragleave", (event) => { if (carriesFiles(event)) { dragged -= 1; drop.hidden = dragged > 0 ? false : true; } });
addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
addEventListener("drop", async (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  dragged = 0;
  drop.hidden = true;
  const { files, unread } = await droppedFiles(event.dataTransfer);
  addFiles(files, unread);
});

addEventListener("chuchu-readings", (event) => onReading(event.detail ?? {}));
page.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.matches("input.files, input.folder")) return;
  addFiles([...box.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
  box.value = "";
});

const uploadDeeds = {
  add_files: () => $("input.files").click(),
  add_folder: () => $("input.folder").click(),
  dismiss: () => { $(".report", documents).hidden = true; },
};
