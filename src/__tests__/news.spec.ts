// News as it reaches its reader: counted, told, read, put away.

import { Notification } from '@jupyterlab/apputils';
import type { JupyterFrontEnd } from '@jupyterlab/application';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Title, Widget } from '@lumino/widgets';
import {
  act,
  fireEvent,
  screen,
  waitFor,
  within
} from '@testing-library/react';
import axe from 'axe-core';

import type { IAnnouncement } from '../api';
import { showUnread } from '../badge';
import { formatSpan } from '../format';
import { EVENT, hearNews } from '../hearNews';
import { interrupt } from '../interrupt';
import { HubModel } from '../model';
import { HubPanel } from '../panel';
import newsPlugin from '../plugins/news';
import { CommandIDs, type IHub, type INewsCounts, SECTIONS } from '../tokens';

import { json, news, noNews, StandIn } from './data';

const trans = nullTranslator.load('');

/** Give an announcement another title. */
function entitle(announcement: IAnnouncement, words: string): void {
  Object.assign(announcement, Object.fromEntries([['title', words]]));
}

describe('news', () => {
  let server: StandIn;
  let hub: IHub;
  let model: HubModel;
  let stream: Signal<object, object>;
  let told: INewsCounts[];

  const manager = () =>
    ({ serverSettings: server.settings, events: { stream } }) as never;

  const counted = (unread: number, loud = 0, revision = 'new') => ({
    schema_id: EVENT,
    unread,
    loud,
    revision
  });

  beforeEach(() => {
    server = new StandIn();
    model = new HubModel({ serverSettings: server.settings });
    stream = new Signal({});
    told = [];
    hub = {
      model: async () => model,
      homeUrl: '/hub/home',
      publicUrl: '',
      consoleUrl: '',
      offered: [],
      newsChanged: new Signal({}),
      requestSent: new Signal({})
    };
    hub.newsChanged.connect((_, counts) => told.push(counts));
    server.answers['news'] = () => json(news());
    Element.prototype.scrollIntoView = jest.fn();
  });

  afterEach(() => {
    model.dispose();
    jest.restoreAllMocks();
  });

  describe('is heard of', () => {
    it('by one question, and then by the server’s events', async () => {
      await hearNews(manager(), hub.newsChanged);
      stream.emit(counted(3));
      stream.emit(counted(3));
      stream.emit({ schema_id: 'https://events.jupyter.org/x', unread: 9 });
      stream.emit({});
      expect(server.asked).toEqual(['GET news']);
      expect(told.map(({ unread, loud }) => [unread, loud])).toEqual([
        [2, 2],
        [3, 0]
      ]);
    });

    it('not at all by a visitor', async () => {
      server.answers['news'] = () => json({ ...noNews(), state: 'visitor' });
      await hearNews(manager(), hub.newsChanged);
      stream.emit(counted(3));
      expect(told).toEqual([]);
    });

    it('although the first question was not answered', async () => {
      server.answers['news'] = () => json({ message: 'away' }, 503);
      await hearNews(manager(), hub.newsChanged);
      stream.emit(counted(1));
      expect(told.map(({ unread }) => unread)).toEqual([1]);
    });

    it('only where there is a hub', async () => {
      const app = { restored: Promise.resolve(), serviceManager: manager() };
      const nowhere = { ...hub, homeUrl: '' };
      await newsPlugin.activate(
        app as unknown as JupyterFrontEnd,
        nowhere,
        null
      );
      await Promise.resolve();
      expect(server.asked).toEqual([]);
    });
  });

  describe('is marked on the icon', () => {
    it('with how much is unread, and nothing while there is nothing', () => {
      const title = new Title<Widget>({
        owner: new Widget(),
        dataset: { jpTabLabel: 'Hub' }
      });
      showUnread(title, 1, trans);
      expect(title.dataset).toEqual({ jpTabLabel: 'Hub', 'jp-unread': '1' });
      expect(title.caption).toBe('This Hub: 1 unread announcement');
      expect(title.className).toBe('jp-HubSidebar-unread');
      showUnread(title, 12, trans);
      expect(title.dataset['jp-unread']).toBe('9+');
      showUnread(title, 0, trans);
      expect(title.className).toBe('');
      expect(title.caption).toBe('This Hub');
    });
  });

  describe('interrupts', () => {
    let emit: jest.SpyInstance;
    let dismiss: jest.SpyInstance;
    let commands: CommandRegistry;

    const incident = () => `news/${news().announcements[0].id}`;
    const rule = () => `news/${news().announcements[1].id}`;

    beforeEach(() => {
      emit = jest
        .spyOn(Notification, 'emit')
        .mockImplementation(message => `toast: ${message}`);
      dismiss = jest.spyOn(Notification, 'dismiss').mockReturnValue();
      commands = new CommandRegistry();
      server.answers[incident()] = () => json({ first: true });
      server.answers[rule()] = () => json({ first: true });
    });

    it('for an incident and for what is to be acknowledged, and goes away once it was read', async () => {
      const show = jest.fn();
      commands.addCommand(CommandIDs.showPanel, {
        describedBy: {},
        execute: show
      });
      await interrupt(server.settings, commands, trans);
      expect(emit.mock.calls.map(([message, type]) => [message, type])).toEqual(
        [
          ['Incident on this hub: \u2068Servers start slowly\u2069', 'warning'],
          [
            'Please read: \u2068Files in /scratch are deleted after 30 days\u2069',
            'info'
          ]
        ]
      );
      expect(server.sent).toEqual([{ what: 'told' }, { what: 'told' }]);
      const options = emit.mock.calls[0][2];
      expect(options.autoClose).toBe(false);
      options.actions[0].callback();
      expect(show.mock.calls[0][0]).toEqual({ section: 'news' });

      server.answers['news'] = () =>
        json(
          news(([first, second]) => {
            first.seen = true;
            first.loud = second.loud = false;
          })
        );
      await interrupt(server.settings, commands, trans);
      expect(dismiss.mock.calls).toHaveLength(1);
      expect(dismiss.mock.calls[0][0]).toContain('Servers start slowly');
      server.answers['news'] = () => json(noNews());
      await interrupt(server.settings, commands, trans);
      expect(dismiss.mock.calls).toHaveLength(2);
      expect(emit).toHaveBeenCalledTimes(2);
    });

    it('not where another browser has done so', async () => {
      server.answers[incident()] = () => json({ first: false });
      server.answers[rule()] = () => json({ first: false });
      await interrupt(server.settings, commands, trans);
      expect(emit).not.toHaveBeenCalled();
    });

    it('in no more characters than Lab shows', async () => {
      server.answers['news'] = () =>
        json(
          news(([first, ...others]) => {
            entitle(first, 'x'.repeat(120) + '\u202e' + 'y'.repeat(120));
            others.forEach(each => (each.loud = false));
          })
        );
      await interrupt(server.settings, commands, trans);
      const [message] = emit.mock.calls[0];
      expect(message).toHaveLength(140);
      expect(message).not.toContain('\u202e');
    });
  });

  describe('in the panel', () => {
    let panel: HubPanel;

    function show(): void {
      panel = new HubPanel({
        commands: new CommandRegistry(),
        hub,
        model,
        state: null,
        translator: nullTranslator
      });
      panel.sections = SECTIONS;
      Widget.attach(panel, document.body);
    }

    const item = (name: string) => screen.findByRole('listitem', { name });
    const marks = () =>
      server.sent.map(each => (each as { what: string }).what);

    afterEach(() => panel.dispose());

    it('is no section while there is none', async () => {
      server.answers['news'] = () => json(noNews());
      show();
      await screen.findByText('Run by');
      expect(screen.queryByRole('heading', { name: 'News' })).toBeNull();
      expect(server.asked).toContain('GET news');
    });

    it('is told with its kind, its time and its text, and without faults of accessibility', async () => {
      show();
      const first = await item('Servers start slowly');
      within(first).getByText('Incident');
      within(first).getByText('up to ten minutes', { selector: 'strong' });
      const link = within(first).getByRole('link', { name: 'status page' });
      expect(link.getAttribute('href')).toBe('https://status.example/');
      expect(link.getAttribute('rel')).toBe('noopener noreferrer');
      within(await item('Maintenance on Tuesday morning')).getByText(
        /Nov 24, 6:00.*8:00.*UTC/
      );
      expect(screen.queryByText('Dask works again')).toBeNull();
      fireEvent.click(screen.getByRole('button', { name: 'Show 1 more' }));
      within(await item('Dask works again')).getByText('Resolved');
      const heading = screen.getByRole('heading', { name: 'News' });
      const { violations } = await act(() =>
        axe.run(heading.closest('section, div')!, {
          rules: { 'color-contrast': { enabled: false } }
        })
      );
      expect(violations).toEqual([]);
    });

    it('is seen once it is before the reader’s eyes, and new until they look away', async () => {
      server.answers[`news/${news().announcements[0].id}`] = () => json({});
      show();
      const first = await item('Servers start slowly');
      await waitFor(() => expect(marks()).toEqual(['seen']));
      within(first).getByText('New');
      panel.hide();
      panel.show();
      await waitFor(() =>
        expect(screen.queryByText('New', { selector: 'span' })).toBeNull()
      );
      expect(marks()).toEqual(['seen']);
    });

    it('is shown at once, however much there is, where it cannot wait', async () => {
      server.answers['news'] = () =>
        json(news(list => (list[3].severity = 'incident')));
      show();
      await item('Dask works again');
      expect(screen.queryByRole('button', { name: /Show/ })).toBeNull();
    });

    it('is not seen before it is shown, where there is much of it', async () => {
      server.answers['news'] = () =>
        json(
          news(list => list.forEach((each, index) => (each.seen = index < 3)))
        );
      server.answers[`news/${news().announcements[3].id}`] = () => json({});
      show();
      await item('Servers start slowly');
      expect(marks()).toEqual([]);
      fireEvent.click(screen.getByRole('button', { name: 'Show 1 more' }));
      await item('Dask works again');
      await waitFor(() => expect(marks()).toEqual(['seen']));
    });

    it('is not seen while its section is closed', async () => {
      show();
      await item('Servers start slowly');
      await waitFor(() => expect(marks()).toEqual(['seen']));
      server.sent.length = 0;
      server.answers['news/another'] = () => json({});
      server.answers['news'] = () =>
        json(
          news(([first]) => {
            first.id = 'another';
            entitle(first, 'Another one');
          })
        );
      const asked = server.asked.length;
      fireEvent.click(screen.getByRole('button', { name: 'News' }));
      hub.newsChanged.emit(counted(3));
      await waitFor(() => expect(server.asked.length).toBeGreaterThan(asked));
      expect(marks()).toEqual([]);
      fireEvent.click(screen.getByRole('button', { name: 'News' }));
      await item('Another one');
      await waitFor(() => expect(marks()).toEqual(['seen']));
    });

    it('can be acknowledged and put away', async () => {
      const [first, second] = news().announcements;
      server.answers[`news/${first.id}`] = () => json({});
      server.answers[`news/${second.id}`] = () => json({});
      show();
      const rule = await item(second.title);
      expect(
        within(rule).queryByRole('button', { name: /Put away/ })
      ).toBeNull();
      server.answers['news'] = () =>
        json(news(([, each]) => (each.acknowledged = true)));
      fireEvent.click(
        within(rule).getByRole('button', { name: /I have read it/ })
      );
      await within(rule).findByText('You have read it');
      server.answers['news'] = () => json(news(list => list.splice(0, 1)));
      fireEvent.click(
        screen.getByRole('button', { name: `Put away: ${first.title}` })
      );
      await waitFor(() => expect(screen.queryByText(first.title)).toBeNull());
      expect(marks()).toEqual(
        expect.arrayContaining(['acknowledged', 'dismissed'])
      );
    });

    it('says why something could not be kept', async () => {
      const [first] = news().announcements;
      server.answers[`news/${first.id}`] = () =>
        json({ message: 'the hub’s service does not answer' }, 503);
      show();
      await item(first.title);
      fireEvent.click(
        screen.getByRole('button', { name: `Put away: ${first.title}` })
      );
      const alert = await screen.findByRole('alert');
      expect(alert.textContent).toContain('does not answer');
      await item(first.title);
    });

    it('does nothing but be read, whatever is in it (A14)', async () => {
      server.answers['news'] = () =>
        json(
          news(([first, second]) => {
            entitle(first, '<b>bold</b>');
            first.link = 'javascript:alert(1)';
            first.body_html =
              '<h1 id="main">Big</h1><script>alert(1)</script>' +
              '<img src=x onerror=alert(1)><p style="position:fixed" ' +
              'class="jp-Dialog" onclick="alert(1)">text</p>' +
              '<a href="javascript:alert(1)">bad</a>' +
              '<a href="https://good.example" data-commandlinker-command="x">good</a>' +
              '<iframe src="https://x.example"></iframe><form><button>go</button></form>' +
              '<svg onload="alert(1)"><text>drawn</text></svg><style>* {}</style>' +
              '<a href="data:text/html,x">data</a><form id="documentElement"></form>';
            second.body_html = '';
            second.body = 'plain <b>text</b>';
          })
        );
      show();
      const first = await item('<b>bold</b>');
      const html = first.querySelector('.jp-HubPanel-html')!;
      expect(html.innerHTML).toBe(
        '<h4>Big</h4><p>text</p><bdi>bad</bdi>' +
          '<a class="jp-mod-external" href="https://good.example" ' +
          'target="_blank" rel="noopener noreferrer"><bdi>good</bdi></a>godrawn<bdi>data</bdi>'
      );
      expect(within(first).queryByRole('link', { name: /More/ })).toBeNull();
      screen.getByText('plain <b>text</b>');
    });

    it('is asked for again when the server says that it changed', async () => {
      show();
      await item('Servers start slowly');
      server.answers['news'] = () =>
        json(news(([first]) => entitle(first, 'Servers start again')));
      hub.newsChanged.emit(counted(2));
      await item('Servers start again');
    });

    it('comes into sight when a toast is followed', async () => {
      show();
      panel.reveal('news');
      const button = await screen.findByRole('button', { name: 'News' });
      await waitFor(() => expect(document.activeElement).toBe(button));
    });
  });

  it('is told in the reader’s time zone, which is named', () => {
    const starts = Date.parse('2026-11-24T06:00:00Z');
    const ends = Date.parse('2026-11-25T08:00:00Z');
    expect(formatSpan(starts, null)).toMatch(/^Tue, Nov 24, 0?6:00.AM UTC$/);
    expect(formatSpan(starts, ends)).toMatch(/Nov 24.*–.*Nov 25.*UTC/);
  });
});
