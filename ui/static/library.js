// The left panel: documents and past conversations.

const conversations = $(".conversations");

async function listDocuments() {
  const reply = await call("documents", { query: $(".find", documents).value, chosen: [...state.chosen] });
  if (!reply.error) putDocuments(reply);
}

function putDocuments(reply) {
  state.chosen = new Set(reply.chosen);
  $(".list", documents).innerHTML = reply.html;
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

async function listConversations() {
  const reply = await call("conversations", { query: $(".find", conversations).value, conversation: state.conversation });
  if (!reply.error) $(".list", conversations).innerHTML = reply.html;
}

function afterReading() {
  listDocuments();
  if (state.conversation === null && !turns.querySelector(".turn")) welcome();
}
