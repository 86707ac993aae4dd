// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Notebooks of plots, widgets and progress bars, and those of JupyterLab's own tests: what is saved
 * after the server has run them is what plain JupyterLab saves. [R7] [R12] [R14]
 */

import * as fs from 'node:fs';
import * as path from 'node:path';

import type { Browser, TestInfo } from '@playwright/test';

import { notebook } from '../support/documents';
import type { Person } from '../support/fixtures';
import { attachLog, expect, Server, withPerson } from '../support/fixtures';
import {
  comparable,
  type INotebook,
  savedAfterRunning
} from '../support/savedOutputs';
import { pythonOf, testIn } from './environments';

const test = testIn('widgets');

/** Where `scripts/extension_envs.py` unpacks the notebooks of JupyterLab's tests. */
const OWN = path.resolve(__dirname, '../../build/extensions/notebooks');

const WRITTEN = {
  plots: [
    '%matplotlib inline\nimport matplotlib.pyplot as plt\nfor at in range(3):\n    plt.plot([1, at, 2])\n    plt.show()',
    '%config InlineBackend.figure_formats = ["svg"]\nplt.rcParams["svg.hashsalt"] = "same"\nfigure, axes = plt.subplots(1, 2)\nfigure.savefig("plot.png", metadata={"Date": None})',
    '%config InlineBackend.figure_formats = ["png"]\nfigure',
    'from IPython.display import clear_output\nfor at in range(5):\n    clear_output(wait=True)\n    plt.plot([at, 1])\n    plt.show()\n    print("frame", at)',
    'shown = display(figure, display_id="figure")\naxes[0].plot([1, 2])\nshown.update(figure)',
    'import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1, 2])).show("plotly_mimetype")',
    'import altair as alt\nalt.renderers.enable("mimetype")\nalt.Chart(alt.Data(values=[{"x": 1, "y": 2}])).mark_bar().encode(x="x:Q", y="y:Q")',
    'from bokeh.io import output_notebook, show\nfrom bokeh.plotting import figure as bokeh_figure\nfrom bokeh.resources import INLINE\noutput_notebook(INLINE, hide_banner=True)',
    'drawn = bokeh_figure(width=200, height=200)\n_ = drawn.line([1, 2], [2, 1])\nshow(drawn)'
  ],
  widgets: [
    'import ipywidgets as widgets\nfrom IPython.display import display\nslider = widgets.IntSlider(3, description="size")\nslider',
    'display(slider, widgets.VBox([slider, widgets.HTML("<b>bold</b>")]))\nprint("after")',
    'out = widgets.Output()\ndisplay(out)\nwith out:\n    print("captured")\n    display("also")\nprint("beside")',
    '@out.capture(clear_output=True, wait=True)\ndef captured():\n    print("by a function")\ncaptured()',
    'def square(x=3):\n    print("square of", x)\n    return x * x\n_ = widgets.interact(square)',
    'with out:\n    1 / 0',
    'slider.value = 7\nslider.close()\nprint(slider.value)'
  ],
  progress: [
    'import sys, time\nfrom tqdm import tqdm\nfor _ in tqdm(range(50), file=sys.stdout):\n    pass',
    'for _ in tqdm(range(3), desc="outer"):\n    for _ in tqdm(range(20), desc="inner", leave=False):\n        pass',
    'from tqdm.notebook import tqdm as bar\nfor _ in bar(range(10)):\n    pass',
    'from IPython.display import ProgressBar\nfor _ in ProgressBar(5):\n    pass',
    'for at in range(0, 101, 10):\n    print(f"\\r{at:3} %", end="", flush=True)\n    time.sleep(0.02)\nprint()',
    'print("\\x1b[31mred\\x1b[0m \\x1b[1mbold\\x1b[0m\\nup\\x1b[A\\x1b[2K")'
  ],
  errors: [
    'def inner():\n    raise ValueError("ä \\u2603 <b>bold</b>")\ntry:\n    inner()\nexcept ValueError as error:\n    raise RuntimeError("outer") from error',
    'import sys\nprint("before")\nprint("red", file=sys.stderr)\nsys.exit(3)',
    'def (:',
    'raise KeyboardInterrupt',
    'def deep():\n    deep()\ndeep()',
    'raise ExceptionGroup("many", [ValueError(1), TypeError("two")])',
    '%%html\n<b>html</b>',
    '%%latex\n$x^2$',
    '%%javascript\nelement.append("x")',
    '%no_such_magic',
    '%%capture said\nprint("not shown")',
    'said.show()',
    '!echo "from the shell"; exit 3',
    '%%bash\necho one; echo two >&2; false',
    '%pinfo print',
    '?len'
  ]
};

/**
 * Check that both servers save the same, whatever the notebook is.
 */
async function compare(
  browser: Browser,
  ada: Person,
  server: Server,
  testInfo: TestInfo,
  notebooks: Record<string, INotebook>,
  files: string[] = []
): Promise<void> {
  test.setTimeout(900_000);
  const plainServer = new Server(
    'lab',
    ['--YDocExtension.disable_rtc=True'],
    pythonOf('widgets')
  );
  await plainServer.start();
  try {
    for (const file of files) {
      for (const { root } of [server, plainServer]) {
        fs.copyFileSync(file, path.join(root, path.basename(file)));
      }
    }
    await withPerson(browser, plainServer, 'Plain', testInfo, async plain => {
      for (const [name, content] of Object.entries(notebooks)) {
        await test.step(name, async () => {
          const [ours, theirs] = await Promise.all([
            savedAfterRunning(ada, server, `${name}.ipynb`, content),
            savedAfterRunning(plain, plainServer, `${name}.ipynb`, content)
          ]);
          expect(comparable(ours), name).toEqual(comparable(theirs));
        });
      }
    });
    await attachLog(plainServer, testInfo);
  } finally {
    await plainServer.dispose();
  }
}

for (const [name, cells] of Object.entries(WRITTEN)) {
  test(`notebooks of ${name} are saved as by plain JupyterLab`, async ({
    ada,
    browser,
    server
  }, testInfo) => {
    const content = notebook(...cells) as INotebook;
    await compare(browser, ada, server, testInfo, { [name]: content });
  });
}

test("the notebooks of JupyterLab's tests are saved as by plain JupyterLab", async ({
  ada,
  browser,
  server
}, testInfo) => {
  const names = fs.readdirSync(OWN);
  const found = names.filter(name => name.endsWith('.ipynb'));
  expect(found.length).toBeGreaterThan(15);
  const notebooks = found.map(name => [
    name.replace('.ipynb', ''),
    JSON.parse(fs.readFileSync(path.join(OWN, name), 'utf8'))
  ]);
  const others = names.filter(name => !name.endsWith('.ipynb'));
  await compare(
    browser,
    ada,
    server,
    testInfo,
    Object.fromEntries(notebooks),
    others.map(name => path.join(OWN, name))
  );
});
