// Which model answers: offered where there is more than one, kept for each conversation.
const answerers = $(".answerer select");
async function listAnswerers() {
  const { choices = [] } = await call("answerers");
  answerers.replaceChildren(...choices.map(({ key, label }) => new Option(label, key)));
  $(".answerer").hidden = choices.length < 2;
  chooseAnswerer(state.answerer || remembered("answerer"));
}
function chooseAnswerer(key) {
  const keys = [...answerers.options].map((one) => one.value);
  if (!keys.length) { state.answerer = key ?? ""; return; } // not listed yet
  state.answerer = keys.includes(key) ? key : keys[0];
  answerers.value = state.answerer;
}
answerers.addEventListener("change", () => {
  state.answerer = answerers.value;
  remember("answerer", state.answerer);
  if (state.conversation !== null) remember(`answerer-${state.conversation}`, state.answerer);
});
