function render({ model, el }) {
  choice(model, el);
}

export default { render };
