import { notebook } from '../support/documents';
import { test } from '../support/fixtures';

for (const application of ['notebook', 'lab'] as const) {
  for (const off of [true, false]) {
    test.describe(() => {
      test.use({ application, serverArgs: off ? ['--YDocExtension.disable_rtc=True'] : [] });
      test(`plain ${application} ${off}`, async ({ server, browser }) => {
        const name = server.write('plain.ipynb', notebook('x = 1'));
        for (let i = 0; i < 2; i++) {
          const page = await (await browser.newContext()).newPage();
          page.on('pageerror', e => console.log('PAGEERROR', application, off, e.stack?.slice(0, 900)));
          const place = application === 'lab' ? `lab/tree/${name}` : `notebooks/${name}`;
          await page.goto(`${server.url}/${place}?token=${server.token}`);
          await page.locator('.jp-Notebook .cm-content').first().waitFor({ timeout: 40000 });
          await page.waitForTimeout(4000);
          await page.context().close();
        }
      });
    });
  }
}
