// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Widgets of cells that the server runs, for everybody in the notebook. [R14]
 */

import type { Locator } from '@playwright/test';

import { notebook } from '../support/documents';
import type { Person } from '../support/fixtures';
import { expect } from '../support/fixtures';
import { KERNEL, openBothReady, outputs, run } from '../support/running';
import { testIn } from './environments';

const test = testIn('widgets');

const readout = (person: Person, index: number): Locator =>
  person.cell(index).locator('.widget-readout');

async function slide(person: Person, index: number): Promise<void> {
  await person.cell(index).locator('.widget-slider [role="slider"]').focus();
  await person.page.keyboard.press('ArrowRight');
}

test('widgets are live at the first run, for who came before and after', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write(
    'live.ipynb',
    notebook(
      'from ipywidgets import HBox, HTML, IntSlider, VBox\nslider = IntSlider(3)\nslider',
      'VBox([HTML("<b>outer</b>"), HBox([HTML("<i>inner</i>")])])',
      'slider.value'
    )
  );
  await openBothReady(ada, grace, name);
  await run(ada, 0, 1);
  for (const person of [ada, grace]) {
    await expect(readout(person, 0)).toHaveText('3', KERNEL);
    await expect(outputs(person, 1).locator('b')).toHaveText('outer');
    await expect(outputs(person, 1).locator('i')).toHaveText('inner');
  }
  await slide(ada, 0);
  await expect(readout(grace, 0)).toHaveText('4');
  await slide(grace, 0);
  await expect(readout(ada, 0)).toHaveText('5');
  await run(grace, 2);
  await expect(outputs(ada, 2)).toHaveText('5');

  await grace.open(name); // in a new page
  await expect(readout(grace, 0)).toHaveText('5', KERNEL);
  await expect(outputs(grace, 1).locator('i')).toHaveText('inner');
  await slide(grace, 0);
  await expect(readout(ada, 0)).toHaveText('6');
  expect(await ada.cell(0).locator('.widget-slider').count()).toBe(1);
});

test('an output that comes before its widget is rendered once that opens', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write(
    'late.ipynb',
    notebook(
      'import ipywidgets\nipywidgets.VBox([ipywidgets.IntSlider(3)])',
      'print("more")'
    )
  );
  // What the kernel says to Grace is held.
  let held: (() => void)[] | null = [];
  await grace.page.routeWebSocket(/api\/kernels\/.*channels/, socket => {
    const kernel = socket.connectToServer();
    kernel.onMessage(message => {
      if (held) {
        held.push(() => socket.send(message));
      } else {
        socket.send(message);
      }
    });
  });
  await ada.open(name);
  await ada.kernelReady();
  await grace.open(name);
  await run(ada, 0, 1);
  await expect(readout(ada, 0)).toHaveText('3', KERNEL);
  await expect.poll(() => grace.printed(1)).toBe('more\n');
  await expect(readout(grace, 0)).toHaveCount(0);
  held.splice(0).forEach(send => send());
  held = null;
  await expect(readout(grace, 0)).toHaveText('3');
  await slide(ada, 0);
  await expect(readout(grace, 0)).toHaveText('4');
});

test('a progress bar is live while its cell runs, after a reload, too', async ({
  ada,
  grace,
  server
}) => {
  const go = server.write('go.txt', '');
  const name = server.write(
    'progress.ipynb',
    notebook(
      [
        'import os, time',
        'from tqdm.notebook import tqdm',
        'for step in tqdm(range(4), mininterval=0):',
        `    while os.path.getsize("${go}") < step:`,
        '        time.sleep(0.05)'
      ].join('\n')
    )
  );
  await openBothReady(ada, grace, name);
  await run(ada, 0);
  const steps = (person: Person) => outputs(person, 0);
  for (const person of [ada, grace]) {
    await expect(steps(person)).toContainText('1/4', KERNEL);
  }
  await ada.open(name); // in a new page, while the kernel is busy
  await expect(steps(ada)).toContainText('1/4', KERNEL);
  server.write('go.txt', '..');
  for (const person of [ada, grace]) {
    await expect(steps(person)).toContainText('3/4');
  }
  server.write('go.txt', '....');
  for (const person of [ada, grace]) {
    await expect(steps(person)).toContainText('4/4');
  }
});

test('what an Output widget captures is in the widget, at everybody', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write(
    'captured.ipynb',
    notebook(
      'import ipywidgets\nout = ipywidgets.Output()\nout',
      'with out:\n    print("captured")\nprint("beside")',
      'def square(x):\n    print("first", x)\n    return x * x\n_ = ipywidgets.interact(square, x=(0, 9))'
    )
  );
  await openBothReady(ada, grace, name);
  await run(ada, 0, 1, 2);
  const widget = (person: Person, index: number) =>
    person.cell(index).locator('.widget-output');
  for (const person of [ada, grace]) {
    await expect(widget(person, 0)).toHaveText('captured\n', KERNEL);
    await expect.poll(() => person.printed(1)).toBe('beside\n');
    await expect(widget(person, 2)).toContainText('first 4');
    await expect(widget(person, 2)).toContainText('16');
    expect(await person.printed(2)).toBe('');
  }
  await slide(grace, 2);
  for (const person of [ada, grace]) {
    await expect(widget(person, 2)).toContainText('25');
    await expect(widget(person, 2)).not.toContainText('16');
  }
  await ada.open(name);
  await expect(widget(ada, 0)).toHaveText('captured\n', KERNEL);
  await expect(widget(ada, 2)).toContainText('25');
});

test('plots that are widgets, or need a script, are rendered at everybody', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write(
    'plots.ipynb',
    notebook(
      '%matplotlib widget\nimport matplotlib.pyplot as plt\n_ = plt.figure().gca().plot([1, 2])',
      'import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1, 2])).show("plotly_mimetype")',
      'import altair as alt\nalt.renderers.enable("mimetype")\nalt.Chart(alt.Data(values=[{"x": 1, "y": 2}])).mark_bar().encode(x="x:Q", y="y:Q")',
      'from bokeh.io import output_notebook, show\nfrom bokeh.plotting import figure\nfrom bokeh.resources import INLINE\noutput_notebook(INLINE, hide_banner=True)',
      'plot = figure(width=200, height=200)\n_ = plot.line([1, 2], [2, 1])\nshow(plot)'
    )
  );
  await openBothReady(ada, grace, name);
  await run(ada, 0, 1, 2, 3, 4);
  const shown = [
    [0, '.jupyter-matplotlib-canvas-container canvas'],
    [1, '.js-plotly-plot .main-svg'],
    [2, '.vega-embed canvas, .vega-embed svg'],
    [4, '.bk-Figure']
  ] as const;
  for (const person of [ada, grace]) {
    for (const [index, what] of shown) {
      await person.goToCell(index);
      await expect(person.cell(index).locator(what).first()).toBeVisible(
        KERNEL
      );
    }
  }
});
