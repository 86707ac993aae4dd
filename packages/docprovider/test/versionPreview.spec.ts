// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { YFile } from '@jupyter/ydoc';
import { PromiseDelegate } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { VersionPreview } from '../src/history/versionPreview';
import type { IVersion } from '../src/history/versions';

/** A timeline whose contents the test gives, each when it wants to. */
class FakeTimeline {
  readonly asked: number[] = [];
  readonly contents = new Map<number, PromiseDelegate<unknown>>();
  readonly changed = new Signal<this, void>(this);
  readonly versions = [30, 20, 10].map(
    id => ({ id, first: id - 5 }) as IVersion
  );
  selected: number | null = null;

  content(id: number): Promise<unknown> {
    this.asked.push(id);
    const content = new PromiseDelegate<unknown>();
    this.contents.set(id, content);
    return content.promise;
  }

  async contentBefore({ id }: IVersion): Promise<unknown> {
    await this.older;
    return `before ${id}`;
  }

  older: Promise<void> | null = null;

  select(id: number | null): void {
    this.selected = id;
    this.changed.emit();
  }
}

describe('VersionPreview', () => {
  // [V9]
  let timeline: FakeTimeline;
  let model: YFile;
  let preview: VersionPreview;

  beforeEach(() => {
    vi.useFakeTimers();
    timeline = new FakeTimeline();
    model = new YFile();
    preview = new VersionPreview(timeline as never, model);
  });

  afterEach(() => {
    preview.dispose();
    model.dispose();
    vi.useRealTimers();
  });

  async function show(id: number): Promise<void> {
    timeline.select(id);
    timeline.contents.get(id)?.resolve(`content ${id}`);
    await vi.advanceTimersByTimeAsync(0);
  }

  it('shows the selected version beside the one before it', async () => {
    expect(preview.shown).toBeNull();
    await show(20);
    expect(preview.shown).toMatchObject({
      version: { id: 20 },
      before: 'before 20',
      after: 'content 20'
    });
    expect(preview.isLoading).toBe(false);
  });

  it('shows a version before it knows what differs', async () => {
    const older = new PromiseDelegate<void>();
    timeline.older = older.promise;
    timeline.select(20);
    timeline.contents.get(20)?.resolve('content 20');
    await vi.advanceTimersByTimeAsync(49);
    expect(preview.shown).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    expect(preview.shown).toMatchObject({ before: null, after: 'content 20' });
    expect(preview.isLoading).toBe(true);
    older.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(preview.shown).toMatchObject({ before: 'before 20' });
    expect(preview.isLoading).toBe(false);
  });

  it('keeps showing what it showed when nothing is selected', async () => {
    await show(20);
    timeline.select(null);
    expect(preview.shown?.version.id).toBe(20);
  });

  it('skips what lies between when somebody scrubs fast', async () => {
    timeline.select(30);
    timeline.select(20);
    timeline.select(10);
    expect(preview.isLoading).toBe(true);
    timeline.contents.get(30)?.resolve('content 30');
    await vi.advanceTimersByTimeAsync(0);
    expect(timeline.asked).toEqual([30, 10]);
    timeline.contents.get(10)?.resolve('content 10');
    await vi.advanceTimersByTimeAsync(0);
    expect(preview.shown?.after).toBe('content 10');
  });

  it('compares with the document now, and follows its edits', async () => {
    await show(20);
    model.setSource('now');
    preview.baseline = 'now';
    timeline.contents.get(20)?.resolve('content 20');
    await vi.advanceTimersByTimeAsync(0);
    expect(preview.shown).toMatchObject({
      before: 'content 20',
      after: 'now'
    });
    model.setSource('later');
    await vi.advanceTimersByTimeAsync(499);
    timeline.contents.get(20)?.resolve('content 20');
    expect(preview.shown?.after).toBe('now');
    await vi.advanceTimersByTimeAsync(1);
    timeline.contents.get(20)?.resolve('content 20');
    await vi.advanceTimersByTimeAsync(0);
    expect(preview.shown?.after).toBe('later');
    preview.baseline = 'none';
    timeline.contents.get(20)?.resolve('content 20');
    await vi.advanceTimersByTimeAsync(0);
    expect(preview.shown).toMatchObject({ before: null, after: 'content 20' });
  });

  it('says why a version cannot be shown', async () => {
    timeline.select(20);
    timeline.contents.get(20)?.reject(new Error('It is gone.'));
    await vi.advanceTimersByTimeAsync(0);
    expect(preview.error).toBe('It is gone.');
    await show(10);
    expect(preview.error).toBeNull();
  });
});
