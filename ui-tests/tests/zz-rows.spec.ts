import { cellsOnDisk, notebook } from '../support/documents';
import { expect, test } from '../support/fixtures';
import { Server } from '../support/server';

test('F11 moved', async ({ server, file, ada, grace }) => {
  const name = server.write(file('ipynb'), notebook('a', 'b', 'c', 'd'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.enterCell(1);
  await grace.page.keyboard.press('End');
  await ada.selectCell(1);
  const text = '0123456789'.repeat(5);
  await Promise.all([
    grace.page.keyboard.type(text, { delay: 40 }),
    (async () => {
      await ada.page.waitForTimeout(500);
      await ada.command('notebook:move-cell-down');
      await ada.page.waitForTimeout(500);
      await ada.command('notebook:move-cell-down');
    })()
  ]);
  await expect.poll(() => ada.sources()).toEqual(['a', 'c', 'd', `b${text}`]);
  await expect.poll(() => grace.sources()).toEqual(['a', 'c', 'd', `b${text}`]);
  await grace.page.keyboard.type('!');
  await expect.poll(() => ada.sources()).toEqual(['a', 'c', 'd', `b${text}!`]);
});

test('F12 deleted', async ({ server, file, ada, grace }) => {
  const name = server.write(file('ipynb'), notebook('a', 'b', 'c', 'd'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await grace.enterCell(1);
  await grace.page.keyboard.press('End');
  await ada.selectCell(1);
  await Promise.all([
    grace.page.keyboard.type('ddxxyyaabb 0123456789ddxxaabbmm', { delay: 40 }),
    (async () => {
      await ada.page.waitForTimeout(400);
      await ada.command('notebook:delete-cell');
    })()
  ]);
  await expect.poll(() => ada.sources()).toEqual(['a', 'c', 'd']);
  await expect.poll(() => grace.sources()).toEqual(['a', 'c', 'd']);
  await expect(grace.notification('deleted')).toBeVisible();
});

test('F6 save as', async ({ server, file, ada, grace }) => {
  const a = server.write(file('ipynb'), notebook('x = 1'));
  const b = server.write(file('ipynb'), notebook('y = 1'));
  await Promise.all([ada.open(a), grace.open(b)]);
  await ada.openBeside(b);
  await ada.page.locator('.lm-TabBar-tab', { hasText: a }).first().click();
  await ada.startCommand('docmanager:save-as');
  const dialog = ada.page.locator('.jp-Dialog');
  await dialog.locator('input').first().fill(`copy-${a}`);
  await grace.typeInCell(0, '2');
  await expect.poll(() => cellsOnDisk(server, b)).toEqual(['y = 12']);
  await ada.page.waitForTimeout(1000);
  await dialog.locator('.jp-mod-accept').click();
  await expect.poll(() => server.exists(`copy-${a}`)).toBe(true);
  await expect.poll(() => cellsOnDisk(server, `copy-${a}`)).toEqual(['x = 1']);
});

test('F7 save as over open', async ({ server, file, ada, grace }) => {
  const a = server.write(file('ipynb'), notebook('x = 1'));
  const b = server.write(file('ipynb'), notebook('y = 1'));
  await Promise.all([ada.open(a), grace.open(b)]);
  await ada.startCommand('docmanager:save-as');
  const dialog = ada.page.locator('.jp-Dialog');
  await dialog.locator('input').first().fill(b);
  await dialog.locator('.jp-mod-accept').click();
  await ada.page.waitForTimeout(1500);
  await ada.page.locator('.jp-Dialog .jp-mod-warn, .jp-Dialog .jp-mod-accept').first().click();
  await expect.poll(() => cellsOnDisk(server, b)).toEqual(['x = 1']);
  await expect.poll(() => grace.sources()).toEqual(['x = 1']);
  await grace.typeInCell(0, '2');
  await expect.poll(() => ada.sources()).toEqual(['x = 12']);
  await expect(grace.status).toContainText('Live');
});

test('F23 shutdown', async ({ server, file, ada, grace }) => {
  const name = server.write(file('ipynb'), notebook('x = 1', 'x'));
  await Promise.all([ada.open(name), grace.open(name)]);
  await Promise.all([ada.kernelReady(), grace.kernelReady()]);
  await ada.startCommand('notebook:close-and-shutdown');
  await ada.page.waitForTimeout(1000);
  console.log(await ada.dialogs.allTextContents());
  if (await ada.dialogs.count()) {
    await ada.page.locator('.jp-Dialog .jp-mod-accept').click();
  }
  await ada.page.waitForTimeout(1500);
  console.log(await grace.sessions(), await grace.dialogs.allTextContents());
  expect(await grace.sessions()).toContain(name);
});

test('F24 RTC', async ({ server, file, ada }) => {
  const name = server.write(file('ipynb'), notebook('x = 1'));
  await ada.open(name);
  await ada.page.goto(`${server.url}/lab/tree/RTC%3A${name}?reset`);
  await ada.documentReady(name);
});

test('F10 html', async ({ server, file, ada, grace }) => {
  const name = server.write(
    file('ipynb'),
    notebook('from IPython.display import HTML\nHTML("<b id=x>hello</b><script>window.ran=1</script>")')
  );
  await Promise.all([ada.open(name), grace.open(name)]);
  await ada.kernelReady();
  await ada.enterCell(0);
  await ada.page.keyboard.press('Shift+Enter');
  await expect(ada.page.locator('b#x')).toHaveText('hello', { timeout: 40000 });
  await expect(grace.page.locator('b#x')).toHaveText('hello');
});

test('F21 autosave off', async ({ server, file, ada }) => {
  const name = server.write(file('txt'), 'begin\n');
  await ada.open(name);
  await ada.command('docmanager:toggle-autosave');
  await ada.typeInFile('typed');
  await ada.page.waitForTimeout(6000);
  expect(server.read(name)).not.toContain('typed');
  await ada.command('docmanager:save');
  await expect.poll(() => server.read(name)).toContain('typed');
});

test.describe('nb', () => {
  test.use({
    server: async ({}, use) => {
      const server = new Server('notebook');
      await server.start();
      await use(server);
      await server.dispose();
    }
  });
  test('F13', async ({ server, file, ada, grace }) => {
    const name = server.write(file('ipynb'), notebook('x = 1'));
    await Promise.all([ada.open(name), grace.open(name)]);
    await ada.startCommand('docmanager:rename');
    const dialog = ada.page.locator('.jp-Dialog');
    await dialog.locator('input').first().fill('renamed.ipynb');
    await dialog.locator('.jp-mod-accept').click();
    await expect.poll(() => grace.path()).toBe('renamed.ipynb');
    await ada.page.waitForTimeout(1500);
    console.log(ada.page.url(), await ada.page.title());
    console.log(grace.page.url(), await grace.page.title());
    await grace.page.reload();
    await grace.documentReady('renamed.ipynb');
  });
  test('F24 nb', async ({ server, file, ada }) => {
    const name = server.write(file('ipynb'), notebook('x = 1'));
    await ada.open(name);
    await ada.page.goto(`${server.url}/notebooks/RTC%3A${name}`);
    await ada.documentReady(name);
  });
});
