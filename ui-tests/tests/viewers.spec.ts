// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { test } from '../support/fixtures';
import { seePeopleInViewer, VIEWED } from '../support/viewers';

for (const [type, content] of VIEWED) {
  // [P10]
  test(`the viewer of a ${type} file shows who else is there, Share and the history`, async ({
    server,
    file,
    ada,
    grace
  }, testInfo) => {
    const name = server.write(file(type), content);
    await seePeopleInViewer(server, name, ada, grace, testInfo);
  });
}
