// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Widgets in shared notebooks, and JupyterLab in another language. [C3]
 */

import { notebook } from '../support/documents';
import { expect } from '../support/fixtures';
import { testIn } from './environments';

const SLIDER =
  'import ipywidgets\nslider = ipywidgets.IntSlider(3, description="size")\nslider';

const test = testIn('widgets');

test('a widget works for whoever runs it, and everybody goes on editing', async ({
  ada,
  grace,
  server
}) => {
  const name = server.write('widgets.ipynb', notebook(SLIDER, 'slider.value'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.kernelReady();
  await ada.selectCell(0);
  await ada.command('notebook:run-cell');
  const slider = ada.cell(0).locator('.widget-slider [role="slider"]');
  await expect(slider).toBeVisible({ timeout: 40_000 });
  await slider.focus();
  await ada.page.keyboard.press('ArrowRight');
  await expect(ada.cell(0).locator('.widget-readout')).toHaveText('4');
  await ada.selectCell(1);
  await ada.command('notebook:run-cell');
  // Grace gets what is in the document: the widget, or the text that stands for it.
  await expect(
    grace.cell(0).locator('.jp-OutputArea-output').first()
  ).toContainText(/size|IntSlider|widget/i, { timeout: 40_000 });
  await expect(grace.cell(1).locator('.jp-OutputArea-output')).toHaveText('4');
  await grace.typeInCell(1, ' + 1');
  await expect.poll(() => ada.sources()).toEqual([SLIDER, 'slider.value + 1']);
  await expect(ada.status).toHaveText('Live · saved');
});

test('in JupyterLab in French, dates are French, and people work together', async ({
  ada,
  grace,
  server
}) => {
  await server.set('@jupyterlab/translation-extension:plugin', {
    locale: 'fr_FR'
  });
  const name = server.write('french.ipynb', notebook('x = 1'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await expect(ada.page.locator('html')).toHaveAttribute('lang', 'fr-FR');
  await expect(
    ada.page.locator('.lm-MenuBar-itemLabel', { hasText: 'Fichier' })
  ).toBeVisible();
  await ada.typeInCell(0, '2');
  await expect.poll(() => grace.sources()).toEqual(['x = 12']);
  await expect.poll(() => server.read(name)).toContain('x = 12');
  await ada.command('collaboration:show-timeline');
  const time = ada.page.locator('#jp-collaboration-timeline time').first();
  await expect(time).toHaveText(/^\d\d:\d\d$/); // of 24 hours, unlike in English
  await expect(ada.badge(await grace.name()).first()).toBeVisible();
});
