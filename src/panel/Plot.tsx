/** The score plot: every trial a dot, the best so far a line. One tab stop; arrow keys go from dot to dot. */

import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TrialView } from '../protocol';
import { useHost, useTranslator } from './context';
import { formatChange, formatScore, type Goal } from './format';
import { type Dot, fitting, layout, LEFT, nearest } from './layout';
import { round } from './scales';

/** From here on the dots are one path: thousands of elements would be slow. */
const MANY = 400;
const WIDTH = 264;

interface PlotProps {
  trials: readonly TrialView[];
  goal: Goal;
  baseline: number | null;
}

/** Draws the trials; nothing where there are none. */
export function Plot({ trials, goal, baseline }: PlotProps): JSX.Element | null {
  const host = useHost();
  const t = useTranslator();
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(WIDTH);
  const [at, setAt] = useState<string | null>(null);
  const drawn = useMemo(() => layout(trials, goal, baseline, width), [trials, goal, baseline, width]);
  useEffect(() => {
    const node = box.current;
    if (!node || typeof ResizeObserver === 'undefined') {
      return;
    }
    const observer = new ResizeObserver(() => setWidth(node.clientWidth || WIDTH));
    observer.observe(node);
    return () => observer.disconnect();
  }, [trials.length > 0]);
  if (!trials.length) {
    return null;
  }
  const { dots } = drawn;
  const index = at === null ? -1 : dots.findIndex(dot => dot.trial.id === at);
  const here = dots[index];
  const show = (i: number): void => setAt(dots[Math.max(0, Math.min(dots.length - 1, i))]?.trial.id ?? null);
  const visit = (dot: Dot | undefined): void => {
    if (dot) {
      host.actions.scrollToCells?.(dot.trial.cells);
    }
  };
  const under = (event: MouseEvent & { readonly currentTarget: SVGSVGElement }): number => {
    const edge = event.currentTarget.getBoundingClientRect();
    return nearest(dots, event.clientX - edge.left, event.clientY - edge.top);
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => show(index - 1),
    ArrowRight: () => show(index + 1),
    Home: () => show(0),
    End: () => show(dots.length - 1),
    Enter: () => visit(here),
    Escape: () => setAt(null)
  };
  return (
    <div
      ref={box}
      class="mij-plot"
      data-testid="mij-plot"
      role="slider"
      tabIndex={0}
      aria-label={t('Scores of all trials')}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, dots.length - 1)}
      aria-valuenow={Math.max(0, index)}
      aria-valuetext={here ? spoken(here.trial, t) : t('%1 trials', trials.length)}
      onFocus={() => at === null && show(dots.length - 1)}
      onBlur={() => setAt(null)}
      onKeyDown={event => {
        const act = keys[event.key];
        if (act) {
          event.preventDefault();
          event.stopPropagation();
          act();
        }
      }}
    >
      <svg
        width={width}
        height={drawn.height}
        aria-hidden="true"
        onMouseMove={event => show(under(event))}
        onMouseLeave={() => setAt(null)}
        onClick={event => visit(dots[under(event)])}
      >
        {drawn.ticks.map(tick => (
          <g key={tick.label}>
            <line class="mij-grid" x1={LEFT} x2={width} y1={round(tick.y)} y2={round(tick.y)} />
            <text class="mij-tick" x={LEFT - 5} y={round(tick.y)} dy="0.32em">
              {tick.label}
            </text>
          </g>
        ))}
        {drawn.baseline !== null && (
          <line class="mij-baseline" x1={LEFT} x2={width} y1={round(drawn.baseline)} y2={round(drawn.baseline)} />
        )}
        {drawn.strips.map(strip => (
          <g key={strip.series}>
            <line class="mij-grid" x1={LEFT} x2={width} y1={strip.top} y2={strip.top} />
            <text class="mij-tick mij-series" x={2} y={strip.top + 11}>
              {fitting(strip.series, width)}
              <title>{strip.series}</title>
            </text>
          </g>
        ))}
        {dots.length > MANY && <Dots dots={dots} />}
        <path class="mij-step" d={drawn.line} />
        {dots.length <= MANY && <Dots dots={dots} />}
        {here && <Mark dot={here} active />}
      </svg>
      {here && <Tip dot={here} goal={goal} width={width} />}
      {drawn.hidden > 0 && (
        <p class="mij-faint">{t('%1 more kinds of score are not drawn; the table has them.', drawn.hidden)}</p>
      )}
    </div>
  );
}

function Dots({ dots }: { dots: readonly Dot[] }): JSX.Element {
  return useMemo(() => {
    if (dots.length <= MANY) {
      return (
        <g>
          {dots.map(dot => (
            <Mark key={dot.trial.id} dot={dot} />
          ))}
        </g>
      );
    }
    const marks = [...new Set(dots.map(dot => dot.mark))];
    return (
      <g>
        {marks.map(mark => (
          <path
            key={mark}
            class={`mij-cloud mij-mark-${mark}`}
            d={dots
              .filter(dot => dot.mark === mark)
              .map(dot => `M${round(dot.x)} ${round(dot.y)}h0`)
              .join('')}
          />
        ))}
      </g>
    );
  }, [dots]);
}

function Mark({ dot, active }: { dot: Dot; active?: boolean }): JSX.Element {
  const x = round(dot.x);
  const y = round(dot.y);
  const faint = dot.trial.imported || dot.trial.undone ? ' mij-mark-faint' : '';
  const shared = {
    class: `mij-mark mij-mark-${dot.mark}${faint}${active ? ' mij-mark-active' : ''}`,
    'data-testid': active ? 'mij-plot-active' : 'mij-plot-dot',
    'data-mark': dot.mark,
    'data-number': dot.trial.number
  };
  switch (dot.mark) {
    case 'failed':
      return <path {...shared} d={`M${x - 2.5} ${y - 2.5}l5 5m0 -5l-5 5`} />;
    case 'above':
      return <path {...shared} d={`M${x - 3.5} ${y + 5}h7l-3.5 -6z`} />;
    case 'below':
      return <path {...shared} d={`M${x - 3.5} ${y - 5}h7l-3.5 6z`} />;
    default:
      return <circle {...shared} cx={x} cy={y} r={active ? 4.5 : dot.mark === 'best' ? 3.5 : 2.75} />;
  }
}

function Tip({ dot, goal, width }: { dot: Dot; goal: Goal; width: number }): JSX.Element {
  const { trial } = dot;
  const t = useTranslator();
  const left = Math.max(4, Math.min(dot.x - 80, width - 168));
  const below = dot.y < 60;
  return (
    <div
      class="mij-tip"
      style={{
        left: `${left}px`,
        ...(below ? { top: `${dot.y + 12}px` } : { bottom: `calc(100% - ${dot.y - 10}px)` })
      }}
    >
      <div class="mij-clamp">
        {trial.number} · {trial.title}
      </div>
      {trial.status === 'scored' ? (
        <div class="mij-faint mij-clamp">
          {formatScore(trial.value)} {formatChange(trial.delta, goal, trial.value)}
          {trial.series && ` · ${trial.series}`}
        </div>
      ) : (
        <div class="mij-faint mij-clamp">
          {trial.status === 'running' ? t('running') : trial.message || t('failed')}
        </div>
      )}
    </div>
  );
}

function spoken(trial: TrialView, t: ReturnType<typeof useTranslator>): string {
  const score =
    trial.status === 'scored' ? formatScore(trial.value) : trial.status === 'failed' ? t('failed') : t('running');
  return t('Trial %1, %2: %3', trial.number, trial.title, score);
}
