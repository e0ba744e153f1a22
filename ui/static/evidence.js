// Chips, cards and the reader: from a number in an answer to the very words.

const parseAnchor = (anchor) => {
  const found = /^(cite|passage)-(\d+)-(\d+)$/.exec(anchor ?? "");
  return found && { kind: found[1], message: Number(found[2]), number: Number(found[3]) };
};
const anchorOf = (chip) => chip.getAttribute("href")?.slice(1);
let shownCards = null; // the message whose cards are shown
let marksAt = 0;       // the highlight that "next" goes on from
let open = null;       // what the reader shows
let opener = null;     // what led to the evidence or the reader: Escape leads back to it
let reading = 0;       // counts what it was told to show: of replies that overtake each other the last wish counts

function putCards(message, html) {
  shownCards = message;
  cards.innerHTML = html || `<p class="empty"></p>`;
  if (!html) $(".empty", cards).textContent = say("evidence_empty");
  showQuotes();
}

// The quoted words of a long passage are scrolled to inside their card.
function showQuotes() {
  for (const block of $$("blockquote", cards)) {
    const mark = $("mark", block);
    if (mark) block.scrollTop = mark.offsetTop - 4;
  }
}

async function showEvidence(anchor, { from = null } = {}) {
  const target = parseAnchor(anchor);
  if (!target) return;
  opener = from ?? opener;
  hideTip();
  if (shownCards !== target.message) {
    const reply = await call("evidence", { message: target.message });
    if (reply.error) return;
    putCards(target.message, reply.html);
  }
  showTab("right");
  const card = $(`.card[data-anchor="${anchor}"]`, cards);
  if (!card) return;
  const others = card.closest("details");
  if (others) others.open = true;
  markCurrent(anchor);
  if (from) card.focus({ preventScroll: true });
  await openReader(target);
  intoView(card, "start");
}

function markCurrent(anchor) {
  for (const one of $$(".card.current, a.cite.current")) one.classList.remove("current");
  for (const one of $$(`.card[data-anchor="${anchor}"], a.cite[href="#${anchor}"]`)) one.classList.add("current");
}

async function readDocument(id, from) {
  opener = from;
  markCurrent("");
  await openReader({ document: id });
  $(".body", reader).focus({ preventScroll: true });
}

async function openReader(values) {
  const mine = reading += 1;
  const reply = await call("reader", values);
  if (reply.error || mine !== reading) return;
  open = reply;
  const body = $(".body", reader);
  $("h3", reader).textContent = reply.title;
  body.innerHTML = reply.html;
  delete body.dataset.view;
  $(".gone", reader).textContent = reply.gone ?? "";
  $(".gone", reader).hidden = !reply.gone;
  $(".views", reader).hidden = !reply.page;
  setView("text");
  reader.hidden = false;
  right.classList.add("reading");
  page.classList.add("reading");
  showTab("right");
  showQuotes();
  marksAt = 0;
  const mark = $("mark.quote", body);
  $('[data-do="next_mark"]', reader).hidden = !mark;
  if (mark) toMark(mark); else body.scrollTop = 0;
}

function toMark(mark) {
  mark.scrollIntoView({ block: "center" });
  // lines that were not laid out yet only have an estimated height: once more when they have a real one
  requestAnimationFrame(() => mark.scrollIntoView({ block: "center" }));
}

function nextMark() {
  if ($(".body", reader).dataset.view === "page") { showPage(open.page); return; }
  const marks = $$("mark.quote", reader).filter((one) => one.previousSibling?.nodeName !== "MARK");
  if (marks.length) { toMark(marks[marksAt % marks.length]); marksAt += 1; }
}

function closeReader() {
  reader.hidden = true;
  reading += 1;
  open = null;
  right.classList.remove("reading");
  page.classList.remove("reading");
  showQuotes();
}

// From the reader back to the card or the list that opened it, and from the evidence to the answer.
function leaveReader() {
  const card = $(".card.current", cards), within = reader.contains(document.activeElement);
  closeReader();
  if (within && card) card.focus(); else if (within) leaveEvidence();
}

function leaveEvidence() {
  showTab(left.contains(opener) ? "left" : "centre");
  (opener?.isConnected ? opener : question).focus();
  hideTip();
}

function setView(view) {
  const body = $(".body", reader);
  body.dataset.view = view;
  for (const one of $$(".views button", reader)) one.setAttribute("aria-pressed", String(one.dataset.do === `view_${view}`));
}

async function viewText() {
  reading += 1;
  $(".body", reader).innerHTML = open.html;
  setView("text");
  const mark = $("mark.quote", reader);
  if (mark) toMark(mark);
}

async function showPage(number) {
  const mine = reading += 1;
  const reply = await call("page", { document: open.document, page: number, spans: open.spans });
  if (reply.error || mine !== reading) return;
  if (reply.gone) { toast(reply.gone, true); return; }
  setView("page");
  const body = $(".body", reader), sheet = document.createElement("div"), picture = new Image();
  sheet.className = "sheet";
  picture.alt = reply.label;
  picture.src = reply.picture;
  sheet.append(picture, ...reply.boxes.map(([x, y, width, height]) => {
    const box = document.createElement("i");
    Object.assign(box.style, { left: `${x * 100}%`, top: `${y * 100}%`, width: `${width * 100}%`, height: `${height * 100}%` });
    return box;
  }));
  const turn = document.createElement("div");
  turn.className = "turn-page";
  for (const [step, key] of [[-1, "previous_page"], [0, ""], [1, "next_page"]]) {
    const one = document.createElement(step ? "button" : "span");
    one.textContent = step ? (step < 0 ? "‹" : "›") : `${reply.page} / ${reply.pages}`;
    if (step) {
      one.type = "button";
      one.setAttribute("aria-label", say(key));
      one.disabled = number + step < 1 || number + step > reply.pages;
      one.onclick = () => showPage(number + step);
    }
    turn.append(one);
  }
  body.replaceChildren(turn, sheet);
  await picture.decode().catch(() => {});
  const box = $("i", sheet);
  if (box) box.scrollIntoView({ block: "center" }); else body.scrollTop = 0;
}

// --- the quote beside the pointer ---

const tip = $(".tip");
function showTip(chip) {
  const place = document.createElement("b"), quote = document.createElement("span");
  place.textContent = chip.dataset.place;
  quote.textContent = chip.dataset.quote;
  tip.replaceChildren(place, quote);
  tip.hidden = false;
  const at = chip.getBoundingClientRect(), size = tip.getBoundingClientRect();
  const above = at.top > size.height + 16;
  tip.style.left = `${Math.max(8, Math.min(at.left - 24, innerWidth - size.width - 8))}px`;
  tip.style.top = `${above ? at.top - size.height - 8 : at.bottom + 8}px`;
  if (!chip.matches("a.cite")) return; // the sign of a doubt has no card
  for (const card of $$(`.card[data-anchor="${anchorOf(chip)}"]`)) card.classList.add("near");
}
function hideTip() {
  tip.hidden = true;
  for (const card of $$(".card.near")) card.classList.remove("near");
}
