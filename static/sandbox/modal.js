/** A modal that the bot opens: a dialog with its fields. Values leave it by custom_id. */

import { button, h } from './dom.js'

const ROW = 1
const STRING_SELECT = 3
const TEXT_INPUT = 4
const TEXT_DISPLAY = 10
const LABEL = 18
const PARAGRAPH = 2

/** Shows it. onSend(values) returns a promise: resolved, the dialog closes; rejected, it stays. */
export function showModal(modal, { onSend }) {
  const inputs = []
  const problem = h('p', { class: 'failed', role: 'alert' })
  const close = () => dialog.close()
  const dialog = h(
    'dialog',
    { class: 'modal', 'aria-labelledby': 'modal-title' },
    h(
      'form',
      { method: 'dialog' },
      h('h2', { id: 'modal-title' }, modal.title),
      modal.components.map((component) => part(component, inputs)),
      problem,
      h('div', { class: 'command-send' }, button('Cancel', { class: 'button secondary', onclick: close }), h('button', { type: 'submit', class: 'button primary' }, 'Submit')),
    ),
  )
  dialog.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault()
    const values = Object.fromEntries(inputs.map(({ customId, value }) => [customId, value()]))
    onSend(values).then(close, (refused) => {
      problem.textContent = refused.message
    })
  })
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
}

function part(component, inputs, label = null) {
  switch (component.type) {
    case ROW:
      return component.components.map((child) => part(child, inputs))
    case LABEL:
      return part(component.component, inputs, component)
    case TEXT_DISPLAY:
      return h('p', {}, component.content)
    case TEXT_INPUT:
      return labelled(component, label, inputs, textInput(component), (input) => input.value)
    case STRING_SELECT:
      return labelled(component, label, inputs, select(component), (input) =>
        [...input.selectedOptions].map((option) => option.value).filter(Boolean),
      )
    default:
      return h('p', { class: 'failed' }, 'This form has a field that the simulated Discord cannot show.')
  }
}

function labelled(component, label, inputs, input, read) {
  const required = component.required ?? true
  input.required = required
  inputs.push({ customId: component.custom_id, value: () => read(input) })
  return h(
    'label',
    { class: 'modal-field' },
    h('span', {}, label?.label ?? component.label ?? component.custom_id, required ? h('span', { class: 'failed', 'aria-hidden': 'true' }, ' *') : null),
    label?.description ? h('small', { class: 'faint' }, label.description) : null,
    input,
  )
}

function textInput(component) {
  const properties = {
    value: component.value ?? '',
    placeholder: component.placeholder ?? '',
    minLength: component.min_length || undefined,
    maxLength: component.max_length ?? 4000,
    autocomplete: 'off',
  }
  return component.style === PARAGRAPH ? h('textarea', { rows: 5, ...properties }) : h('input', { type: 'text', ...properties })
}

function select(component) {
  const several = (component.max_values ?? 1) > 1
  const options = component.options.map((option) => h('option', { value: option.value, selected: option.default }, option.label))
  return h('select', { multiple: several }, several ? null : h('option', { value: '' }, component.placeholder ?? 'Choose…'), options)
}
