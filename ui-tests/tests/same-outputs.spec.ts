// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

/**
 * Notebooks whose cells the server runs, beside those of plain JupyterLab: the
 * saved outputs are the same. [R7] [R12]
 */

import { notebook } from '../support/documents';
import {
  attachLog,
  expect,
  Server,
  test,
  withPerson
} from '../support/fixtures';
import {
  comparable,
  type INotebook,
  savedAfterRunning
} from '../support/savedOutputs';

/** What is run. */
const CELLS = [
  'print("one")\nprint("two")\n3',
  // Text that moves back, as of progress bars.
  'import sys\nfor at in range(101):\n    print(f"\\r{at:3}% " + "#" * (at // 10), end="")\nprint()\nprint("abc\\rX\\nabc\\b\\bY", end="")\nprint("\\nend\\r")',
  // Streams that alternate, and are one output only where they follow each other.
  'import sys\nfor at in range(3):\n    print("out", at, flush=True)\n    print("err", at, file=sys.stderr, flush=True)\n    sys.stderr.flush()\nprint("out", flush=True)\nprint("out again")',
  'from IPython.display import HTML, JSON, Latex, Markdown, SVG, display\ndisplay(HTML("<b>bold</b>"), Markdown("*text*"), Latex("$x$"), JSON({"a": [1, None]}))\ndisplay(SVG("<svg xmlns=\'http://www.w3.org/2000/svg\'><circle r=\'5\'/></svg>"))',
  'handle = display("first", display_id="known")\nprint("between")\ndisplay({"text/plain": "raw", "application/x-own": {"k": 1.5}}, raw=True, metadata={"m": True})',
  'handle.update("updated elsewhere")\nhandle2 = display("a", display_id=True)\nfor at in range(5):\n    handle2.update(f"b{at}")',
  'from IPython.display import clear_output\nprint("gone")\nclear_output()\nprint("stays until more comes")\nclear_output(wait=True)\nprint("last")',
  '%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.title("plot")\nplt.show()',
  'import pandas\npandas.DataFrame({"a": [1, 2], "b": ["x", None]})',
  '1 / 0',
  'import warnings\nwarnings.warn("careful")',
  '!echo shell; echo "in red: \\033[31mred\\033[0m"',
  '_ = [print(f"line {at}") for at in range(3000)]',
  'print("äöü \\u2603 \\U0001f600")\n"result"',
  'class Own:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n        return {"text/plain": "plain", "text/html": "<i>html</i>"}, {"text/html": {"isolated": True}}\nOwn()',
  'print?',
  'x = 5;'
];

test('saved outputs are those of plain JupyterLab', async ({
  browser,
  ada,
  server
}, testInfo) => {
  test.setTimeout(240_000);
  const name = 'same.ipynb';
  const content = notebook(...CELLS) as INotebook;
  const ours = await savedAfterRunning(ada, server, name, content);
  const plainServer = new Server('lab', ['--YDocExtension.disable_rtc=True']);
  await plainServer.start();
  try {
    await withPerson(browser, plainServer, 'Plain', testInfo, async plain => {
      const theirs = await savedAfterRunning(plain, plainServer, name, content);
      expect(comparable(ours)).toEqual(comparable(theirs));
    });
    await attachLog(plainServer, testInfo);
  } finally {
    await plainServer.dispose();
  }
});
