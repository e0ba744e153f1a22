// What all parts of the page use: finding elements, calling the server, words, theme, small messages.
// The scripts of this folder are joined into one function that gets `element`, `trigger`, `props`, `upload`.
// Fragments of HTML come from the server, which escapes what documents and people wrote; all else is textContent.

const page = element.querySelector("#chuchu");
const $ = (selector, root = page) => root.querySelector(selector);
const $$ = (selector, root = page) => [...root.querySelectorAll(selector)];
const left = $(".left"), centre = $(".centre"), right = $(".right");
const turns = $(".turns"), scroller = $(".scroll"), question = $("#question"), cards = $(".cards"), reader = $(".reader");

const remembered = (key) => { try { return localStorage.getItem(`chuchu-${key}`); } catch { return null; } };
const remember = (key, value) => { try { localStorage.setItem(`chuchu-${key}`, value); } catch { /* private window */ } };

const state = {
  language: remembered("language") ?? ((navigator.languages ?? [navigator.language]).some((l) => l.toLowerCase().startsWith("zh")) ? "zh" : "en"),
  conversation: null,   // id of the open one; null: new
  chosen: new Set(),    // documents that are asked; none: all
  excluded: [],         // chunks left out of the next answers of this turn
  answerer: "",         // key of the chosen answerer; "": the default
  replaces: null,       // message that the next question replaces
  turn: 0,              // number of the question under way: late replies to others are dropped
  busy: false,
};

function say(key, values = {}) {
  return (props.words[state.language][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

async function call(action, values = {}, { quiet = false } = {}) {
  const told = (text) => { if (!quiet) toast(text, true); return { error: text }; };
  const config = window.gradio_config;
  try {
    const response = await fetch(`${config.root}${config.api_prefix}/run/page`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ data: [action, values, state.language] }),
    });
    if (response.status === 401) { offerLogin(); return { error: say("logged_out") }; }
    const reply = (await response.json()).data?.[0];
    if (!reply) return told(say("lost_connection"));
    return reply.error ? told(reply.error) && reply : reply;
  } catch {
    return told(say("lost_connection"));
  }
}

const LOOK_MS = 3000; // between two questions whether the server is there
let cameFrom; // which run of the server the question under way was sent to
// Says why the server does not answer any more; "" when it does.
async function away({ first = false } = {}) {
  const reply = await call("alive", {}, { quiet: true });
  if (reply.error) return reply.error;
  if (first) cameFrom = reply.server;
  return cameFrom === reply.server ? "" : say("server_restarted");
}

// A stream that breaks says nothing: while something is under way the server is asked whether it is there.
async function lookAfter(underWay, gone, first = true) {
  if (!underWay()) return;
  const why = await away({ first });
  if (!underWay()) return;
  if (why) gone(why, true); else setTimeout(lookAfter, LOOK_MS, underWay, gone, false);
}

const PAGE = [...crypto.getRandomValues(new Uint32Array(3))].join("-"); // no other page's tickets begin so
const refused = new Map(); // by ticket: whom to tell why the queue does not take what was sent
let tickets = 0;

// Sends what takes its time to the server's queue; returns the ticket by which it is known there. `gone` hears why
// nothing will come of it, and whether the connection is lost.
function enqueue(name, values, underWay, gone) {
  const ticket = `${PAGE}-${tickets += 1}`;
  refused.set(ticket, (why) => { if (underWay()) gone(why, false); });
  lookAfter(underWay, gone);
  trigger(name, { ...values, ticket });
  return ticket;
}

// Gradio does not tell scripts what its queue replies, so the replies are looked at on their way. What it would cancel
// before it has read under which number the queue took it is not sent: nobody could tell what is meant.
const fetchAsEver = window.fetch;
window.fetch = async (...request) => {
  if (/\/(cancel|reset)$/.test(request[0]) && JSON.parse(request[1].body).event_id === null) return Response.json({});
  const reply = await fetchAsEver(...request);
  if (String(request[0]).includes("/queue/join")) onQueued(request[1], reply.clone());
  return reply;
};

async function onQueued({ body }, reply) {
  const ticket = JSON.parse(body).event_data?.ticket;
  const tell = refused.get(ticket);
  refused.delete(ticket);
  if (reply.ok || !tell || reply.status === 401) return; // who looks after it sees that nobody is logged in any more
  if (reply.status === 503) { tell(say("queue_full")); return; }
  const { detail } = await reply.json().catch(() => ({}));
  tell(typeof detail === "string" ? detail : say("lost_connection"));
}

const uploadFailed = (name, error) => say("upload_failed", { name, reason: String(error?.message ?? error).slice(0, 200) });

// Kept while the page is loaded again, after a log-in too, or another one is visited: a question that was not sent or
// not answered, what is to be asked at once, and the conversation that is open.
const DRAFT = "chuchu-draft", AGAIN = "chuchu-again", OPEN = "chuchu-open";
function offerLogin() {
  const again = document.createElement("button");
  again.type = "button";
  again.textContent = say("log_in");
  again.onclick = () => location.reload();
  toast(say("logged_out"), true);
  clearTimeout(toastTimer);
  $(".toast").append(" ", again);
}

let toastTimer;
function toast(text, failed = false) {
  const box = $(".toast");
  box.textContent = text;
  box.classList.toggle("failed", failed);
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.hidden = true; }, failed ? 8000 : 2500);
}

function setWords() {
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  for (const one of $$("[data-t]")) one.textContent = say(one.dataset.t);
  for (const one of $$("[data-label]")) { one.setAttribute("aria-label", say(one.dataset.label)); if (one.tagName === "BUTTON") one.title = say(one.dataset.label); }
  for (const one of $$("[data-placeholder]")) one.placeholder = say(one.dataset.placeholder);
  for (const one of $$("input.find")) one.setAttribute("aria-label", one.placeholder);
  question?.setAttribute("aria-label", question.placeholder);
  for (const one of $$("nav.pages a")) {
    const here = (page.dataset.page ?? "./") === one.getAttribute("href");
    if (here) one.setAttribute("aria-current", "page"); else one.removeAttribute("aria-current");
  }
}

function setTheme(theme) {
  document.body.classList.toggle("dark", theme === "dark");
  remember("theme", theme);
}

const switchTheme = () => setTheme(document.body.classList.contains("dark") ? "light" : "dark");

function save({ text, type, name }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function showTab(name) {
  page.dataset.tab = name;
  for (const button of $$(".tabs button")) button.setAttribute("aria-current", String(button.dataset.tab === name));
}

// The server writes days in UTC; here they become those of the reader's clock.
function localDays(root) {
  for (const one of $$("time", root)) one.textContent = new Date(one.dateTime).toLocaleDateString("sv"); // Swedish: as in ISO 8601
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const intoView = (target, block = "nearest") => target?.scrollIntoView({ block, behavior: calm() ? "auto" : "smooth" });

async function copy(text, said = say("copied")) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // without https the clipboard is closed to scripts; the old way still works
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(said);
}

if (remembered("theme")) setTheme(remembered("theme"));
