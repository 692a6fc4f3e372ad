// SPDX-License-Identifier: MIT
// The source of the dashboards beside it, in the types of Grafana's foundation SDK. script/dashboards
// checks the types and writes the JSON; tests/e2e/dashboards.py runs every expression.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

type Step = [from: number | null, color: string];
type Query = { expr: string; legend?: string };
type Place = { title: string; description: string; unit: string; span: number; height?: number };

const source: common.DataSourceRef = { type: 'prometheus', uid: '${datasource}' };
const manual = 'https://github.com/heapwatch/heapwatch/blob/main/docs';

// The thresholds of the alerts (alerting.threshold, .clear, .warning, .critical) and of V8 itself.
const score: Step[] = [[null, 'green'], [0.5, 'yellow'], [0.8, 'red']];
const confidence: Step[] = [[null, 'text'], [0.5, 'green']];
const exhaustion: Step[] = [[null, 'red'], [3600, 'orange'], [86400, 'green']];
const count: Step[] = [[null, 'green'], [1, 'red']];
const health: Step[] = [[null, 'red'], [1, 'green']];
const gcShare: Step[] = [[null, 'green'], [0.1, 'yellow'], [0.3, 'red']];
const plain: Step[] = [[null, 'green']];

function thresholds(steps: Step[]) {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]) => ({ value, color })));
}

function targets(queries: Query[], isInstant = false) {
  return queries.map(({ expr, legend }, i) => {
    const query = new prometheus.DataqueryBuilder()
      .refId(String.fromCharCode(65 + i))
      .expr(expr.trim().replace(/\s+/g, ' '));
    if (legend !== undefined)
      query.legendFormat(legend);
    return isInstant ? query.instant().format(prometheus.PromQueryFormat.Table) : query.range();
  });
}

function link(title: string, url: string) {
  return new dashboard.DashboardLinkBuilder(title).url(url).targetBlank(false);
}

function lines(place: Place, steps: Step[], ...queries: Query[]) {
  return new timeseries.PanelBuilder()
    .title(place.title)
    .description(place.description)
    .datasource(source)
    .unit(place.unit)
    .span(place.span)
    .height(place.height ?? 8)
    .thresholds(thresholds(steps))
    .targets(targets(queries))
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(common.VisibilityMode.Never)
    .tooltip(new common.VizTooltipOptionsBuilder()
      .mode(common.TooltipDisplayMode.Multi)
      .sort(common.SortOrder.Descending))
    .legend(new common.VizLegendOptionsBuilder()
      .showLegend(true)
      .displayMode(common.LegendDisplayMode.List)
      .placement(common.LegendPlacement.Bottom));
}

function stacked(place: Place, ...queries: Query[]) {
  return lines(place, plain, ...queries)
    .fillOpacity(30)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
}

function number(place: Place, steps: Step[], expr: string) {
  return new stat.PanelBuilder()
    .title(place.title)
    .description(place.description)
    .datasource(source)
    .unit(place.unit)
    .span(place.span)
    .height(place.height ?? 4)
    .thresholds(thresholds(steps))
    .targets(targets([{ expr }]))
    .noValue('none')
    .graphMode(common.BigValueGraphMode.Area)
    .colorMode(common.BigValueColorMode.Value)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']));
}

function variable(name: string, label: string, query: string, hasAll: boolean) {
  const built = new dashboard.QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query(query)
    .definition(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc);
  if (hasAll)
    built.includeAll(true).allValue('.*').multi(true)
      .current({ selected: true, text: ['All'], value: ['$__all'] });
  return built;
}

function begin(uid: string, title: string, description: string) {
  return new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['heapwatch', 'nodejs'])
    .timezone('browser')
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(new dashboard.DatasourceVariableBuilder('datasource')
      .label('Data source')
      .type('prometheus'));
}

const row = (title: string) => new dashboard.RowBuilder(title);

/* ---- the fleet ---- */

const fleet = 'instance=~"$instance", app=~"$app"';

// Of those whose verdict an alert would take.
const leaking = `heapwatch_leak_score{${fleet}} >= 0.8`;

function verdictTable() {
  const byProcess = 'by (app, slot, instance)';
  const columns: Record<string, string> = {
    'Value #A': 'Score',
    'Value #B': 'Confidence',
    'Value #C': 'Growth',
    'Value #D': 'Time to exhaustion',
    'Value #E': 'Resident memory',
    app: 'App',
    slot: 'Slot',
    instance: 'Host',
    state: 'State',
  };
  const process = 'd/heapwatch-process?var-datasource=${datasource}' +
    '&var-instance=${__data.fields.Host}&var-app=${__data.fields.App}' +
    '&var-slot=${__data.fields.Slot}&${__url_time_range}';
  const column = (name: string, unit: string, steps: Step[]): [string, dashboard.DynamicConfigValue[]] =>
    [name, [
      { id: 'unit', value: unit },
      ...unit === 'none' ? [{ id: 'decimals', value: 2 }] : [],
      { id: 'thresholds', value: thresholds(steps).build() },
      { id: 'custom.cellOptions', value: { type: 'color-text' } },
    ]];

  const panel = new table.PanelBuilder()
    .title('Processes')
    .description('Every process with its verdict, the worst first. A click opens the process.')
    .datasource(source)
    .unit('none')
    .span(24)
    .height(10)
    .thresholds(thresholds(plain))
    .targets(targets([
      { expr: `max ${byProcess} (heapwatch_leak_score{${fleet}})` },
      { expr: `max ${byProcess} (heapwatch_leak_confidence{${fleet}})` },
      { expr: `sum ${byProcess} (heapwatch_leak_growth_bytes_per_second{${fleet}})` },
      {
        expr: `min ${byProcess} (heapwatch_leak_time_to_exhaustion_seconds{${fleet},
          percentile="50"} < +Inf)`,
      },
      { expr: `sum ${byProcess} (heapwatch_process_resident_memory_bytes{${fleet}})` },
      { expr: `max by (app, slot, instance, state) (heapwatch_leak_state{${fleet}} == 1)` },
    ], true))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: { excludeByName: { Time: true, 'Value #F': true }, renameByName: columns },
    })
    .sortBy([new common.TableSortByFieldStateBuilder().displayName('Score').desc(true)])
    .dataLinks([link('Open the process', process)]);
  const styled: [string, dashboard.DynamicConfigValue[]][] = [
    column('Score', 'none', score),
    column('Confidence', 'none', confidence),
    column('Growth', 'binBps', plain),
    column('Time to exhaustion', 'dtdurations', exhaustion),
    column('Resident memory', 'bytes', plain),
  ];
  for (const [name, properties] of styled)
    panel.overrideByName(name, properties);
  return panel;
}

function fleetDashboard() {
  const app = `by (app)`;
  return begin('heapwatch-fleet', 'heapwatch: fleet',
    'Every Node.js process that heapwatchd sees: which leaks, how fast, and when it ends.')
    .withVariable(variable('instance', 'Host', 'label_values(heapwatch_build_info, instance)', true))
    .withVariable(variable('app', 'App',
      'label_values(heapwatch_process_start_time_seconds{instance=~"$instance"}, app)', true))
    .link(link('Runbooks', `${manual}/runbooks.md`).type(dashboard.DashboardLinkType.Link)
      .targetBlank(true))

    .withPanel(number({
      title: 'Processes', unit: 'none', span: 4,
      description: 'Node.js processes with series of their own.',
    }, plain, `count(heapwatch_process_start_time_seconds{${fleet}}) or vector(0)`))
    .withPanel(number({
      title: 'Leaking', unit: 'none', span: 4,
      description: 'Processes whose leak score is 0.8 or more.',
    }, count, `count(${leaking}) or vector(0)`)
      .dataLinks([link('Runbook', `${manual}/runbooks.md#heapwatchleak`)]))
    .withPanel(number({
      title: 'Thrashing', unit: 'none', span: 4,
      description: 'Processes that spend their time collecting garbage at the limit of their heap.',
    }, count, `sum(heapwatch_leak_state{${fleet}, state="thrash"}) or vector(0)`)
      .dataLinks([link('Runbook', `${manual}/runbooks.md#heapwatchgcthrash`)]))
    .withPanel(number({
      title: 'First to run out', unit: 'dtdurations', span: 4,
      description: 'The shortest expected time to exhaustion of those that leak.',
    }, exhaustion, '')
      // Of now alone: the last of what leaked before would stay on show.
      .targets(targets([{
        expr: `min(heapwatch_leak_time_to_exhaustion_seconds{${fleet}, percentile="50"}
          and on (app, slot, instance) ${leaking}) < +Inf`,
      }], true))
      .graphMode(common.BigValueGraphMode.None)
      .dataLinks([link('Runbook', `${manual}/runbooks.md#heapwatchmemoryexhausted`)]))
    .withPanel(number({
      title: 'Alerts firing', unit: 'none', span: 4,
      description: 'Processes with an alert that is safe on disk.',
    }, count, `sum(heapwatch_leak_alerts{${fleet}}) or vector(0)`))
    .withPanel(number({
      title: 'Collectors that work', unit: 'percentunit', span: 4,
      description: 'Share of the collectors, over all hosts, whose last pass succeeded.',
    }, health, 'avg(heapwatch_collector_success{instance=~"$instance"})')
      .dataLinks([link('Runbook', `${manual}/runbooks.md#heapwatchcollectorblind`)]))
    .withPanel(verdictTable())

    .withRow(row('Leaks'))
    .withPanel(lines({
      title: 'Leak score', unit: 'none', span: 8,
      description: 'The highest of the processes of an app. Alerts fire above 0.8.',
    }, score, { expr: `max ${app} (heapwatch_leak_score{${fleet}})`, legend: '{{app}}' })
      .decimals(2).min(0).max(1)
      .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder()
        .mode(common.GraphThresholdsStyleMode.Dashed)))
    .withPanel(lines({
      title: 'Growth of what leaks', unit: 'binBps', span: 8,
      description: 'Robust slope of the memory that survives collection, summed over an app.',
    }, plain, {
      expr: `sum ${app} (sum by (app, slot, instance)
        (heapwatch_leak_growth_bytes_per_second{${fleet}}))`,
      legend: '{{app}}',
    }))
    .withPanel(lines({
      title: 'Processes by state', unit: 'none', span: 8,
      description: 'The verdicts on all processes of the hosts.',
    }, plain, {
      expr: 'sum by (state) (heapwatch_processes{instance=~"$instance"}) > 0',
      legend: '{{state}}',
    }).decimals(0).min(0))

    .withRow(row('Memory and collection'))
    .withPanel(stacked({
      title: 'Resident memory', unit: 'bytes', span: 8,
      description: 'All types, summed over an app. It grows for many reasons; see the floor.',
    }, { expr: `sum ${app} (heapwatch_process_resident_memory_bytes{${fleet}})`, legend: '{{app}}' }))
    .withPanel(stacked({
      title: 'Heap after full collections', unit: 'bytes', span: 8,
      description: 'The floor: live objects only. A leak raises it for ever.',
    }, { expr: `sum ${app} (heapwatch_heap_live_bytes{${fleet}})`, legend: '{{app}}' }))
    .withPanel(lines({
      title: 'Time stopped by collection', unit: 'percentunit', span: 8,
      description: 'Share of the time that a process of the app stands still, on average.',
    }, gcShare, {
      expr: `avg ${app} (sum by (app, slot, instance)
        (rate(heapwatch_gc_pause_seconds_sum{${fleet}}[$__rate_interval])))`,
      legend: '{{app}}',
    }))

    .withRow(row('Ends, and heapwatch itself'))
    .withPanel(lines({
      title: 'Ends of processes', unit: 'none', span: 8,
      description: 'By cause, within the interval of a point.',
    }, plain, {
      expr: `sum by (app, cause) (increase(heapwatch_process_exits_total{${fleet}}[$__rate_interval]))`,
      legend: '{{app}} {{cause}}',
    }))
    .withPanel(lines({
      title: 'Notifications', unit: 'none', span: 8,
      description: 'Requests to receivers by outcome, and those that wait.',
    }, plain, {
      expr: `sum by (receiver, outcome)
        (increase(heapwatch_notifications_total{instance=~"$instance"}[$__rate_interval]))`,
      legend: '{{receiver}} {{outcome}}',
    }, {
      expr: 'sum(heapwatch_notification_queue_length{instance=~"$instance"})',
      legend: 'waiting',
    }))
    .withPanel(lines({
      title: 'What heapwatchd costs', unit: 'percentunit', span: 8,
      description: 'Share of one CPU that each heapwatchd uses.',
    }, plain, {
      expr: `rate(process_cpu_seconds_total{instance=~"$instance"}[$__rate_interval])
        and on (instance) heapwatch_build_info`,
      legend: '{{instance}}',
    }))
    .build();
}

/* ---- one process ---- */

const one = 'instance="$instance", app="$app", slot="$slot"';

const kinds = `sum(heapwatch_leak_growth_bytes_per_second{${one}})`;

function stateTimeline() {
  return new statetimeline.PanelBuilder()
    .title('State')
    .description('The states that the process was in; a row for each.')
    .datasource(source)
    .unit('none')
    .span(12)
    .height(7)
    .thresholds(thresholds([[null, 'transparent'], [1, 'blue']]))
    .targets(targets([{ expr: `heapwatch_leak_state{${one}} == 1`, legend: '{{state}}' }]))
    .showValue(common.VisibilityMode.Never)
    .mergeValues(true)
    .mappings([{
      type: dashboard.MappingType.ValueToText,
      options: { '1': { text: 'in this state', color: 'blue', index: 0 } },
    }]);
}

function growthPanel() {
  return lines({
    title: 'Growth, with its 90 % interval', unit: 'binBps', span: 12,
    description: 'Robust slope of the memory that survives collection. Above zero throughout: it grows.',
  }, plain,
    { expr: kinds, legend: 'growth' },
    { expr: `sum(heapwatch_leak_growth_lower_bytes_per_second{${one}})`, legend: 'lower' },
    { expr: `sum(heapwatch_leak_growth_upper_bytes_per_second{${one}})`, legend: 'upper' })
    .overrideByName('upper', [{ id: 'custom.fillBelowTo', value: 'lower' }]);
}

function processDashboard() {
  const perIsolate = (name: string) => `heapwatch_${name}{${one}}`;
  return begin('heapwatch-process', 'heapwatch: process',
    'One Node.js process: the verdict, its heap, and what V8 does about it.')
    .withVariable(variable('instance', 'Host', 'label_values(heapwatch_build_info, instance)', false))
    .withVariable(variable('app', 'App',
      'label_values(heapwatch_process_start_time_seconds{instance="$instance"}, app)', false))
    .withVariable(variable('slot', 'Slot',
      'label_values(heapwatch_process_start_time_seconds{instance="$instance", app="$app"}, slot)', false))
    .link(link('Fleet', 'd/heapwatch-fleet').type(dashboard.DashboardLinkType.Link).keepTime(true))
    .link(link('Runbooks', `${manual}/runbooks.md`).type(dashboard.DashboardLinkType.Link)
      .targetBlank(true))

    .withPanel(number({
      title: 'Leak score', unit: 'none', span: 4,
      description: 'How sure heapwatch is that the process leaks.',
    }, score, `heapwatch_leak_score{${one}}`)
      .decimals(2)
      .dataLinks([link('Runbook', `${manual}/runbooks.md#heapwatchleak`)]))
    .withPanel(number({
      title: 'Confidence', unit: 'none', span: 4,
      description: 'Sufficiency of the evidence behind the score.',
    }, confidence, `heapwatch_leak_confidence{${one}}`)
      .decimals(2))
    .withPanel(number({
      title: 'Kind', unit: 'none', span: 4,
      description: 'Which kind of memory leaks.',
    }, plain, `heapwatch_leak_kind{${one}} == 1`)
      .textMode(common.BigValueTextMode.Name)
      .displayName('${__field.labels.kind}')
      .graphMode(common.BigValueGraphMode.None))
    .withPanel(number({
      title: 'Growth', unit: 'binBps', span: 4,
      description: 'Robust slope of the memory that survives collection.',
    }, plain, kinds))
    .withPanel(number({
      title: 'Time to exhaustion', unit: 'dtdurations', span: 4,
      description: 'Expected time until the limit of heap or memory is reached.',
    }, exhaustion, `heapwatch_leak_time_to_exhaustion_seconds{${one}, percentile="50"} < +Inf`)
      .dataLinks([link('Runbook', `${manual}/runbooks.md#heapwatchmemoryexhausted`)]))
    .withPanel(number({
      title: 'Of the memory limit', unit: 'percentunit', span: 4,
      description: 'Resident memory, as a share of the tightest limit above the process.',
    }, [[null, 'green'], [0.8, 'yellow'], [0.95, 'red']],
    `sum(heapwatch_process_resident_memory_bytes{${one}})
      / sum(heapwatch_process_memory_limit_bytes{${one}})`))

    .withRow(row('Verdict'))
    .withPanel(lines({
      title: 'Score and confidence', unit: 'none', span: 12, height: 7,
      description: 'Alerts fire above 0.8 and end below 0.5.',
    }, score,
      { expr: `heapwatch_leak_score{${one}}`, legend: 'score' },
      { expr: `heapwatch_leak_confidence{${one}}`, legend: 'confidence' })
      .decimals(2).min(0).max(1)
      .thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder()
        .mode(common.GraphThresholdsStyleMode.Dashed)))
    .withPanel(stateTimeline())
    .withPanel(growthPanel())
    .withPanel(lines({
      title: 'Time to exhaustion', unit: 'dtdurations', span: 12,
      description: 'Percentiles of the forecast; nothing is drawn where none is coming.',
    }, exhaustion, {
      expr: `heapwatch_leak_time_to_exhaustion_seconds{${one}} < +Inf`,
      legend: 'p{{percentile}}',
    }).min(0))

    .withPanel(sites())

    .withRow(row('JavaScript heap'))
    .withPanel(lines({
      title: 'Floor, used, committed, limit', unit: 'bytes', span: 12, height: 9,
      description: 'The floor is what survives a full collection. A leak raises it towards the limit.',
    }, plain,
      { expr: perIsolate('heap_live_bytes'), legend: 'floor {{isolate}}' },
      { expr: perIsolate('heap_used_bytes'), legend: 'used {{isolate}}' },
      { expr: perIsolate('heap_committed_bytes'), legend: 'committed {{isolate}}' },
      { expr: perIsolate('heap_limit_bytes'), legend: 'limit {{isolate}}' })
      .overrideByRegexp('/^floor/', [{ id: 'custom.lineWidth', value: 3 }])
      .overrideByRegexp('/^limit/', [
        { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
        { id: 'custom.fillOpacity', value: 0 },
      ]))
    .withPanel(stacked({
      title: 'Heap spaces', unit: 'bytes', span: 6, height: 9,
      description: 'Used memory of each space; needs --trace-gc-verbose or the inspector.',
    }, { expr: `sum by (space) (heapwatch_heap_space_used_bytes{${one}})`, legend: '{{space}}' }))
    .withPanel(lines({
      title: 'External memory', unit: 'bytes', span: 6, height: 9,
      description: 'Buffers above all; needs --trace-gc-verbose or the inspector.',
    }, plain, { expr: perIsolate('external_memory_bytes'), legend: '{{isolate}}' }))

    .withRow(row('Garbage collection'))
    .withPanel(lines({
      title: 'Pauses, 99th percentile', unit: 's', span: 8,
      description: 'Collections of the young generation and full ones.',
    }, plain, {
      expr: `histogram_quantile(0.99, sum by (kind, le)
        (rate(heapwatch_gc_pause_seconds_bucket{${one}}[$__rate_interval])))`,
      legend: '{{kind}}',
    }))
    .withPanel(lines({
      title: 'Time stopped', unit: 'percentunit', span: 8,
      description: 'Share of the time that the process stands still for collection.',
    }, gcShare, {
      expr: `sum by (kind) (rate(heapwatch_gc_pause_seconds_sum{${one}}[$__rate_interval]))`,
      legend: '{{kind}}',
    }).min(0))
    .withPanel(lines({
      title: 'Allocated and reclaimed', unit: 'binBps', span: 8,
      description: 'Full collections that reclaim less and less speak for a leak.',
    }, plain,
      {
        expr: `sum(rate(heapwatch_gc_allocated_bytes_total{${one}}[$__rate_interval]))`,
        legend: 'allocated',
      },
      {
        expr: `sum by (kind) (rate(heapwatch_gc_reclaimed_bytes_total{${one}}[$__rate_interval]))`,
        legend: 'reclaimed {{kind}}',
      }))
    .withPanel(lines({
      title: 'Collections', unit: 'ops', span: 8,
      description: 'By kind, a second.',
    }, plain, {
      expr: `sum by (kind) (rate(heapwatch_gc_pause_seconds_count{${one}}[$__rate_interval]))`,
      legend: '{{kind}}',
    }))
    .withPanel(lines({
      title: 'Left to the program', unit: 'percentunit', span: 8,
      description: "V8's average mutator utilisation around full collections. Low: it thrashes.",
    }, [[null, 'red'], [0.4, 'yellow'], [0.7, 'green']],
    { expr: perIsolate('gc_mutator_utilization_ratio'), legend: '{{isolate}}' })
      .min(0).max(1))
    .withPanel(lines({
      title: 'Signs of distress', unit: 'none', span: 8,
      description: 'What the GC log says beside its collections, within the interval of a point.',
    }, plain, {
      expr: `sum by (event) (increase(heapwatch_gc_events_total{${one},
        event!~"marking_started|marking_finalized"}[$__rate_interval]))`,
      legend: '{{event}}',
    }))

    .withRow(row('Process'))
    .withPanel(stacked({
      title: 'Resident memory by type', unit: 'bytes', span: 8,
      description: 'Page cache (file) is never a leak.',
    }, { expr: `sum by (type) (heapwatch_process_resident_memory_bytes{${one}})`, legend: '{{type}}' }))
    .withPanel(lines({
      title: 'Anonymous mappings by owner', unit: 'bytes', span: 8,
      description: "An estimate from the shape of the mappings: V8's pages, its large objects, malloc.",
    }, plain, { expr: `heapwatch_process_memory_map_bytes{${one}}`, legend: '{{type}}' }))
    .withPanel(lines({
      title: 'CPU', unit: 'percentunit', span: 8,
      description: 'Share of one CPU.',
    }, plain, {
      expr: `sum by (mode) (rate(heapwatch_process_cpu_seconds_total{${one}}[$__rate_interval]))`,
      legend: '{{mode}}',
    }).min(0))
    .withPanel(lines({
      title: 'Threads and descriptors', unit: 'none', span: 12,
      description: 'Descriptors are seen with the permission to list them.',
    }, plain,
      { expr: `heapwatch_process_threads{${one}}`, legend: 'threads' },
      { expr: `heapwatch_process_open_fds{${one}}`, legend: 'descriptors' }).min(0))
    .withPanel(identity())
    .build();
}

// There once the growth was explained: by hand, or by itself with inspector.explain of the app.
function sites() {
  return new table.PanelBuilder()
    .title('Code that allocates the growth')
    .description('The sites of the last explanation, until the alert is over. Without one: heapwatch explain.')
    .datasource(source)
    .unit('percentunit')
    .span(24)
    .height(6)
    .thresholds(thresholds(plain))
    .noValue('not explained yet: heapwatch explain')
    .targets(targets([{
      expr: `sort_desc(max by (rank, function, script, line) (heapwatch_leak_site_share_ratio{${one}}))`,
    }], true))
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: { rank: 0, Value: 1, function: 2, script: 3, line: 4 },
        renameByName: {
          rank: 'Rank', Value: 'Share', function: 'Function', script: 'Script', line: 'Line',
        },
      },
    })
    .overrideByName('Line', [{ id: 'unit', value: 'none' }])
    .overrideByName('Rank', [{ id: 'unit', value: 'none' }]);
}

function identity() {
  return new table.PanelBuilder()
    .title('Identity')
    .description('Who it is, and from which sources its facts come.')
    .datasource(source)
    .unit('none')
    .span(12)
    .height(8)
    .thresholds(thresholds(plain))
    .targets(targets([{ expr: `heapwatch_process_info{${one}}` }], true))
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true, Value: true, __name__: true, job: true, app: true, slot: true },
      },
    });
}

const directory = process.argv[2];
for (const built of [fleetDashboard(), processDashboard()])
  writeFileSync(join(directory, `${built.uid}.json`), JSON.stringify(built, null, 2) + '\n');
