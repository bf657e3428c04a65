/** Small parts that the panel is made of. */

import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { useTranslator } from './context';
import { Icon } from './icons';

interface ButtonProps {
  children?: ComponentChildren;
  onClick(event: MouseEvent & { readonly currentTarget: HTMLButtonElement }): void;
  testid?: string;
  primary?: boolean;
  disabled?: boolean;
  /** What a pointer or a screen reader is told beyond the text. */
  hint?: string;
  pressed?: boolean;
  expanded?: boolean;
}

/** A button with words on it. */
export function Button(props: ButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class={props.primary ? 'mij-button mij-primary' : 'mij-button'}
      data-testid={props.testid}
      disabled={props.disabled}
      title={props.hint}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

/** A button that is an icon; `label` is its name for pointers and screen readers. */
export function IconButton(
  props: Omit<ButtonProps, 'children' | 'primary' | 'hint'> & { icon: string; label: string; tab?: number }
): JSX.Element {
  return (
    <button
      type="button"
      class="mij-icon-button"
      data-testid={props.testid}
      disabled={props.disabled}
      title={props.label}
      aria-label={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      tabIndex={props.tab}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** A part with a heading; `aside` stands at the heading's right end. */
export function Section(props: { title: string; aside?: ComponentChildren; children: ComponentChildren }): JSX.Element {
  const id = useId();
  return (
    <section class="mij-section" aria-labelledby={id}>
      <div class="mij-heading">
        <h3 id={id}>{props.title}</h3>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}

/** Detail on demand: its content exists only while it is open. */
export function Details(props: {
  title: ComponentChildren;
  aside?: ComponentChildren;
  testid?: string;
  quiet?: boolean;
  faint?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <details
      class={`mij-details${props.quiet ? ' mij-quiet' : ''}${props.faint ? ' mij-faint' : ''}`}
      open={open}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary data-testid={props.testid}>
        <span class="mij-summary">{props.title}</span>
        {props.aside && <span class="mij-aside">{props.aside}</span>}
      </summary>
      {open && <div class="mij-details-body">{props.children}</div>}
    </details>
  );
}

/** A labelled line of a form. */
export function Field(props: { label: string; children: ComponentChildren }): JSX.Element {
  return (
    <label class="mij-field">
      <span>{props.label}</span>
      {props.children}
    </label>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly { value: string; text: string }[];
  onChange(value: string): void;
  testid?: string;
  /** What stands for an empty value; without it, empty cannot be chosen. */
  none?: string;
}

const OTHER = '\u0000other';
const LIST_FROM = 40;

/** One of some options, or anything else that is typed; long lists of options are searched by typing. */
export function Choice(props: ChoiceProps): JSX.Element {
  const t = useTranslator();
  const list = useId();
  const known = props.value === '' || props.options.some(option => option.value === props.value);
  const [typing, setTyping] = useState(!known || !props.options.length);
  if (props.options.length > LIST_FROM || typing) {
    return (
      <Field label={props.label}>
        <input
          type="text"
          list={props.options.length ? list : undefined}
          value={props.value}
          placeholder={props.none}
          data-testid={props.testid}
          onInput={event => props.onChange(event.currentTarget.value)}
        />
        <datalist id={list}>
          {props.options.map(option => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ))}
        </datalist>
      </Field>
    );
  }
  return (
    <Field label={props.label}>
      <select
        value={props.value}
        data-testid={props.testid}
        onChange={event => {
          const value = event.currentTarget.value;
          if (value === OTHER) {
            setTyping(true);
            props.onChange('');
          } else {
            props.onChange(value);
          }
        }}
      >
        {(props.none !== undefined || props.value === '') && <option value="">{props.none ?? ''}</option>}
        {props.options.map(option => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
        <option value={OTHER}>{t('Other…')}</option>
      </select>
    </Field>
  );
}

/** A line or two that the user should know, with what to do about it. */
export function Notice(props: {
  icon?: 'info' | 'warning';
  children: ComponentChildren;
  actions?: ComponentChildren;
  testid?: string;
  /** Read out at once. */
  alert?: boolean;
}): JSX.Element {
  return (
    <div
      class={`mij-notice mij-${props.icon ?? 'info'}`}
      role={props.alert ? 'alert' : undefined}
      data-testid={props.testid}
    >
      <Icon name={props.icon ?? 'info'} />
      <div class="mij-notice-body">
        <div class="mij-notice-text">{props.children}</div>
        {props.actions && <div class="mij-row mij-wrap">{props.actions}</div>}
      </div>
    </div>
  );
}
