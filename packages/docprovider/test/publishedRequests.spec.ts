// Copyright (c) Jupyter Collaboration contributors.
// Distributed under the terms of the BSD 3-Clause License.

import { ServerConnection } from '@jupyterlab/services';
import { beforeEach, describe, expect, it } from 'vitest';

import * as docprovider from '../src';
import {
  requestAPI,
  requestDocSession,
  requestDocumentTimeline,
  requestUndoRedo
} from '../src';

/**
 * The values that the published package exports.
 */
const PUBLISHED = [
  'ForkManager',
  'IAwarenessProviderFactory',
  'IDocumentProviderFactory',
  'IForkManagerToken',
  'JUPYTER_COLLABORATION_FORK_EVENTS_URI',
  'NotebookCellServerExecutor',
  'ROOM_FORK_URL',
  'RtcContentProvider',
  'TimelineWidget',
  'WebSocketAwarenessProvider',
  'WebSocketProvider',
  'requestAPI',
  'requestDocSession',
  'requestDocumentTimeline',
  'requestUndoRedo'
];

let requests: string[];
let status: number;
let body: string;
const settings = ServerConnection.makeSettings({
  baseUrl: 'http://server.test/base/',
  fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    const url = request.url
      .replace(/[?&]\d+$/, '')
      .replace('http://server.test/base/api/collaboration/', '');
    requests.push(`${request.method} ${url} ${await request.text()}`.trim());
    return new Response(body, { status });
  }
});

beforeEach(() => {
  requests = [];
  status = 200;
  body = '{"a": 1}';
});

describe('The exports that other packages import [C1]', () => {
  it.each(PUBLISHED)('include %s', name => {
    expect(docprovider).toHaveProperty(name);
  });

  it('name the route and the events of forks', () => {
    expect(docprovider.ROOM_FORK_URL).toBe('api/collaboration/fork');
    expect(docprovider.JUPYTER_COLLABORATION_FORK_EVENTS_URI).toBe(
      'https://schema.jupyter.org/jupyter_collaboration/fork/v1'
    );
  });

  it('ask for sessions, timelines and steps in them', async () => {
    expect(
      await requestDocSession('json', 'notebook', 'ä/b c.ipynb', settings)
    ).toEqual({ a: 1 });
    await requestDocumentTimeline('text', 'file', 'a/b.txt', settings);
    await requestUndoRedo('text:file:1', 'undo', 2, 'fork', settings);
    expect(requests).toEqual([
      'PUT session/%C3%A4/b%20c.ipynb {"format":"json","type":"notebook"}',
      'GET timeline/a/b.txt?format=text&type=file',
      'PUT undo_redo/text:file:1?action=undo&steps=2&forkRoom=fork'
    ]);
  });

  it('return what is no JSON as text, and nothing as an empty text', async () => {
    body = 'plain';
    expect(await requestAPI('api/x', {}, settings)).toBe('plain');
    body = '';
    expect(await requestAPI('api/x', {}, settings)).toBe('');
  });

  it.each([
    ['{"message": "No such file."}', 'No such file.'],
    ['null', 'Invalid response: 404 '],
    ['<html>', 'Invalid response: 404 ']
  ])(
    'reject with the answer %s of a server that refuses',
    async (sent, told) => {
      status = 404;
      body = sent;
      await expect(requestAPI('api/x', {}, settings)).rejects.toMatchObject({
        message: told,
        response: { status: 404 }
      });
    }
  );

  it('include the widget of the timeline', () => {
    const widget = new docprovider.TimelineWidget();
    widget.updateContent('url', {} as never);
    expect(widget.node.textContent).toContain('Version history');
    widget.dispose();
  });
});
