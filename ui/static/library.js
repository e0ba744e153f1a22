// The left panel: documents and past conversations.

const conversations = $(".conversations");

let listing = 0; // counts the calls: what was ticked since an earlier one is not in its reply
async function listDocuments() {
  const mine = listing += 1;
  const reply = await call("documents", { query: $(".find", documents).value, chosen: [...state.chosen] });
  if (!reply.error && mine === listing) putDocuments(reply);
}

// Puts new rows into a list; the keyboard stays on the button or box that it was on.
function refill(list, html) {
  const held = list.contains(document.activeElement) ? document.activeElement : null, { document: id, conversation } = held?.closest("li")?.dataset ?? {};
  list.innerHTML = html;
  localDays(list);
  const row = id ? `[data-document="${id}"]` : `[data-conversation="${conversation}"]`;
  if (held) $(`${row} ${held.dataset.do ? `[data-do="${held.dataset.do}"]` : "input"}`, list)?.focus();
}

function putDocuments(reply) {
  state.chosen = new Set(reply.chosen);
  refill($(".list", documents), reply.html);
  const scope = $(".scope", documents);
  scope.textContent = reply.scope;
  scope.classList.toggle("some", reply.chosen.length > 0);
  if (reply.chosen.length) {
    const clear = document.createElement("button");
    clear.type = "button";
    clear.dataset.do = "scope_clear";
    clear.textContent = say("scope_clear");
    scope.append(" ", clear);
  }
}

let listingChats = 0; // counts the calls: of searches that overtake each other the last one counts
async function listConversations(action = "conversations", values = { conversation: state.conversation }) {
  const mine = listingChats += 1;
  const reply = await call(action, { query: $(".find", conversations).value, ...values });
  if (!reply.error && mine === listingChats) refill($(".list", conversations), reply.html);
  return reply;
}

function afterReading() {
  listDocuments();
  if (state.conversation === null && !turns.querySelector(".turn")) welcome();
}
