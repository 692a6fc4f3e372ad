// SPDX-License-Identifier: MIT
// Draws the panels of a dashboard of deploy/grafana with Grafana's own components: its thresholds, units,
// overrides and transformations are applied by Grafana's code. What is here instead of Grafana is
// the grid, the defaults of the panels, and the making of frames from the answers of Prometheus.
const {
  FieldColorModeId, FieldType, Registry, applyFieldOverrides, createTheme, dateTime, getFieldDisplayValues,
  identityOverrideProcessor, standardTransformers, standardTransformersRegistry, ThemeContext, toDataFrame,
  transformDataFrame,
} = require('@grafana/data');
const { BigValue, GlobalStyles, PanelChrome, Table, TimeSeries } = require('@grafana/ui');
const { createRoot } = require('react-dom/client');
const { firstValueFrom } = require('rxjs');

const { dashboard, answers, from, to, width } = window.heapwatch;
const column = width / 24, row = 30, gap = 8; // Grafana's grid; its rows are 30 px high with 8 between
const theme = createTheme({ colors: { mode: 'light' } });
const timeRange = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };

const { mergeTransformer, organizeFieldsTransformer } = standardTransformers;
standardTransformersRegistry.setInit(() => [mergeTransformer, organizeFieldsTransformer].map(transformation =>
  ({ id: transformation.id, name: transformation.name, transformation, editor: () => null })));

// The properties of fields that Grafana's editors of these panels know, as far as the dashboards set them.
const property = (id, path, isCustom) => ({
  id, path, isCustom, name: id, process: identityOverrideProcessor, shouldApply: () => true,
});
const registry = new Registry(() => [
  ...['unit', 'min', 'max', 'decimals', 'displayName', 'noValue', 'color', 'thresholds', 'mappings', 'links']
    .map(id => property(id, id, false)),
  ...['align', 'inspect', 'cellOptions', 'drawStyle', 'lineInterpolation', 'lineWidth', 'lineStyle', 'fillOpacity',
    'gradientMode', 'pointSize', 'showPoints', 'spanNulls', 'stacking', 'thresholdsStyle', 'axisPlacement', 'hideFrom',
    'scaleDistribution']
    .map(id => property('custom.' + id, id, true)),
]);
const defaults = {
  timeseries: {
    color: { mode: FieldColorModeId.PaletteClassic },
    custom: {
      drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none',
      pointSize: 5, showPoints: 'auto', spanNulls: false, axisPlacement: 'auto', axisLabel: '',
      hideFrom: { legend: false, tooltip: false, viz: false }, scaleDistribution: { type: 'linear' },
      stacking: { mode: 'none', group: 'A' }, thresholdsStyle: { mode: 'off' },
    },
  },
  stat: { color: { mode: FieldColorModeId.Thresholds } },
  table: { color: { mode: FieldColorModeId.Thresholds }, custom: { cellOptions: { type: 'auto' } } },
};

// A dashboard is JSON, which has no infinity: the first step begins at null.
const revived = value => JSON.parse(JSON.stringify(value), (key, inner) =>
  key === 'steps' ? inner.map(step => ({ ...step, value: step.value ?? -Infinity })) : inner);

function legend(target, labels) {
  if (target.legendFormat)
    return target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => labels[name] ?? '');
  return Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(', ') || target.expr;
}

function lines(target, result) {
  return result.map(series => toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: series.values.map(([time]) => time * 1000) },
      { name: 'Value', type: FieldType.number, values: series.values.map(([, value]) => Number(value)),
        labels: series.metric, config: { displayNameFromDS: legend(target, series.metric) } },
    ],
  }));
}

function rows(target, result, isAlone) {
  const names = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].sort();
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: result.map(({ value }) => value[0] * 1000) },
      ...names.map(name => (
        { name, type: FieldType.string, values: result.map(({ metric }) => metric[name] ?? '') })),
      { name: isAlone ? 'Value' : 'Value #' + target.refId, type: FieldType.number,
        values: result.map(({ value }) => Number(value[1].replace('Inf', 'Infinity'))) },
    ],
  });
}

async function framesOf(panel, index) {
  const isAlone = panel.targets.length === 1;
  let frames = panel.targets.flatMap((target, i) => target.format === 'table'
    ? rows(target, answers[index][i], isAlone) : lines(target, answers[index][i]));
  if (panel.transformations)
    frames = await firstValueFrom(transformDataFrame(panel.transformations, frames, { interpolate: text => text }));
  const own = revived(panel.fieldConfig), preset = defaults[panel.type];
  return applyFieldOverrides({
    data: frames,
    fieldConfig: {
      ...own,
      defaults: { ...preset, ...own.defaults, custom: { ...preset.custom, ...own.defaults.custom } },
    },
    fieldConfigRegistry: registry, replaceVariables: text => text, theme, timeZone: 'utc',
  });
}

function Stat({ panel, frames, size }) {
  const [shown] = getFieldDisplayValues({
    data: frames, reduceOptions: { values: false, ...panel.options.reduceOptions }, sparkline: true,
    fieldConfig: revived(panel.fieldConfig), replaceVariables: text => text, theme, timeZone: 'utc',
  });
  return <BigValue {...size} value={shown.display} sparkline={shown.sparkline} theme={theme} {...panel.options} />;
}

function Rows({ panel, frames, size }) {
  return <Table {...size} data={frames[0]} initialSortBy={panel.options.sortBy} cellHeight={panel.options.cellHeight} />;
}

function Lines({ panel, frames, size }) {
  return <TimeSeries {...size} frames={frames} structureRev={1} timeRange={timeRange} timeZone="utc"
    legend={panel.options.legend} options={panel.options} />;
}

const drawers = { stat: Stat, table: Rows, timeseries: Lines };

function Panel({ panel, frames }) {
  const { x, y, w, h } = panel.gridPos;
  const place = { position: 'absolute', left: x * column + gap / 2, top: y * (row + gap) };
  const size = { width: w * column - gap, height: h * (row + gap) - gap };
  if (panel.type === 'row')
    return <div style={{ ...place, padding: '6px 4px', fontWeight: 500 }}>{panel.title}</div>;
  const Draw = drawers[panel.type];
  return <div style={place}>
    <PanelChrome title={panel.title} {...size}>
      {(innerWidth, innerHeight) =>
        <Draw panel={panel} frames={frames} size={{ width: innerWidth, height: innerHeight }} />}
    </PanelChrome>
  </div>;
}

async function main() {
  const panels = await Promise.all(dashboard.panels.map(async (panel, index) =>
    ({ panel, frames: panel.type === 'row' ? [] : await framesOf(panel, index) })));
  createRoot(document.getElementById('root')).render(<ThemeContext.Provider value={theme}>
    <GlobalStyles />
    {panels.map(({ panel, frames }, i) => <Panel key={i} panel={panel} frames={frames} />)}
  </ThemeContext.Provider>);
}
main();
