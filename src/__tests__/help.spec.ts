// Asking for help as a person does it: written, read once more, sent, followed; or by mail.

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { StateDB } from '@jupyterlab/statedb';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import {
  act,
  fireEvent,
  screen,
  waitFor,
  within
} from '@testing-library/react';
import axe from 'axe-core';

import type { IHelpRequest, ISentRequest, ISupport } from '../api';
import { askForHelp } from '../askForHelp';
import { HubModel } from '../model';
import { HubPanel } from '../panel';
import { asLetter, Drafts, mailtoOf, NO_DRAFT, RequestKey } from '../support';
import { CommandIDs, type IHub, SECTIONS } from '../tokens';

import { diagnostics, json, request, requests, StandIn, support } from './data';

const trans = nullTranslator.load('');

describe('asking for help', () => {
  let server: StandIn;
  let model: HubModel;
  let hub: IHub;
  let state: StateDB;
  let opened: Widget | null;
  let areas: string[];
  let room: string[];

  function open(): void {
    const shell = {
      add: (widget: Widget, area: string) => {
        areas.push(area);
        if (room.includes(area)) {
          opened = widget;
          Widget.attach(widget, document.body);
        }
      },
      activateById: () => undefined
    } as unknown as JupyterFrontEnd.IShell;
    askForHelp({ hub, model, shell, state, trans });
  }

  async function composer(
    change: (support: ISupport) => void = () => undefined
  ): Promise<void> {
    server.answers['support'] = () => json(support(change));
    open();
    await screen.findByRole('radio', { name: /Something is broken/ });
  }

  const field = (name: string | RegExp) =>
    screen.getByLabelText<HTMLInputElement>(name);
  const write = (name: string | RegExp, value: string) =>
    fireEvent.change(field(name), { target: { value } });
  const press = (name: string | RegExp) =>
    fireEvent.click(screen.getByRole('button', { name }));
  const choose = (name: RegExp) =>
    fireEvent.click(screen.getByRole('radio', { name }));
  const sent = () => server.sent as IHelpRequest[];

  function fill(): void {
    choose(/Something is broken/);
    write('Subject', 'My kernel dies');
    write('Description', 'It says: restarting.');
  }

  beforeEach(() => {
    server = new StandIn();
    server.answers['diagnostics'] = () => json(diagnostics());
    server.answers['requests'] = () =>
      json({ id: 'r1', state: 'queued', reference: 'R-EK42' }, 201);
    model = new HubModel({ serverSettings: server.settings });
    state = new StateDB();
    areas = [];
    room = ['main'];
    hub = {
      model: async () => model,
      homeUrl: '/hub/home',
      publicUrl: '',
      consoleUrl: '',
      offered: [],
      newsChanged: new Signal({}),
      requestSent: new Signal({})
    };
  });

  afterEach(() => {
    opened?.dispose();
    model.dispose();
    jest.restoreAllMocks();
  });

  it('opens one composer, and says who reads it and for how long it is kept', async () => {
    await composer();
    open();
    expect(areas).toEqual(['main']);
    screen.getByText(
      /Coastal Lab support\u2069 will read it\. It is kept for 90 days/
    );
    const { violations } = await act(() =>
      axe.run(opened!.node, {
        rules: { 'color-contrast': { enabled: false } }
      })
    );
    expect(violations).toEqual([]);
  });

  it('opens beside the document where there is room for one only', async () => {
    room = ['right'];
    await composer();
    expect(areas).toEqual(['main', 'right']);
  });

  it('sends nothing before it is said what it is, and shows where', async () => {
    await composer();
    press('Send');
    const radio = screen.getByRole('radio', { name: /Something is broken/ });
    await waitFor(() => expect(document.activeElement).toBe(radio));
    screen.getByText('Choose what it is.');
    screen.getByText('Say in a few words what it is about.');
    screen.getByText('Say what happened.');
    fill();
    write('Reply address', 'nobody');
    press('Send');
    screen.getByText(/This is no mail address/);
    expect(sent()).toEqual([]);
  });

  it('sends what was written, once, and tells its reference', async () => {
    const told = jest.fn();
    hub.requestSent.connect(told);
    await composer();
    fill();
    choose(/Slow, or kernels die/);
    write(/Who is affected/, 'my class');
    screen.getByText(/usually much faster/);
    press('Send');
    await screen.findByRole('heading', { name: 'Your request is on its way' });
    screen.getByText(/R-EK42/);
    expect(sent()).toEqual([
      {
        ...request(),
        key: expect.stringMatching(/^[\w-]{8,64}$/),
        text: 'It says: restarting.',
        affected: 'my class',
        diagnostics: null,
        attachments: []
      }
    ]);
    expect(told).toHaveBeenCalledTimes(1);
    expect(await new Drafts(state).read()).toEqual(NO_DRAFT);
    press('Close');
    expect(opened!.isDisposed).toBe(true);
  });

  it('loses nothing when it cannot be sent, and is the same request when it is tried again', async () => {
    await composer();
    fill();
    server.answers['requests'] = () =>
      json({ message: 'the hub’s service does not answer' }, 503);
    press('Send');
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('does not answer');
    expect(alert.textContent).toContain('What you wrote is still here.');
    press('Send');
    await waitFor(() => expect(sent()).toHaveLength(2));
    await screen.findByRole('alert');
    write('Subject', 'Another one');
    press('Send');
    await waitFor(() => expect(sent()).toHaveLength(3));
    const [first, second, third] = sent().map(({ key }) => key);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('keeps a draft for the next time', async () => {
    await composer();
    fill();
    await waitFor(async () =>
      expect((await new Drafts(state).read()).text).toBe('It says: restarting.')
    );
    opened!.dispose();
    await composer();
    expect(field('Subject').value).toBe('My kernel dies');
    expect(
      screen.getByRole<HTMLInputElement>('radio', { name: /broken/ }).checked
    ).toBe(true);
  });

  it('gives a card for what cannot be reported from here', async () => {
    await composer();
    choose(/Something is broken/);
    choose(/Servers do not start/);
    screen.getByText(/the profile that was chosen/);
    screen.getByRole('button', { name: 'Copy the card' });
    choose(/Ask for advice/);
    expect(screen.queryByText(/the profile that was chosen/)).toBeNull();
  });

  it('asks for three weeks’ notice of an event', async () => {
    await composer();
    choose(/Announce an event/);
    screen.getByText(/three weeks before\./);
    expect(screen.queryByText('What is out of order?')).toBeNull();
  });

  describe('diagnostics', () => {
    async function gather(): Promise<HTMLElement> {
      await composer();
      fill();
      expect(server.asked).not.toContain('GET diagnostics');
      press('Gather diagnostics');
      return screen.findByRole('list', { name: 'Diagnostics' });
    }

    it('are gathered when asked for, shown, and left out part by part', async () => {
      const list = await gather();
      within(list).getByText('Of a newer server');
      within(list).getByText('1 secret was removed.');
      const missing = within(list).getByRole<HTMLInputElement>('checkbox', {
        name: 'Send: The end of the server’s log file'
      });
      expect([missing.checked, missing.disabled]).toEqual([false, true]);
      const box = within(list).getByRole('checkbox', {
        name: 'Send: Versions'
      });
      fireEvent.click(box);
      press('Send');
      await screen.findByText(/R-EK42/);
      const { diagnostics } = sent()[0];
      expect(Object.keys(diagnostics!)).toEqual([
        'log',
        'of-a-newer-server',
        'browser'
      ]);
      expect(diagnostics!.log).toMatch(/token=<secret>$/);
      expect(diagnostics!.browser).toContain(navigator.userAgent);
    });

    it('are exactly what is read', async () => {
      await gather();
      const letter = screen
        .getByText('Read exactly what is sent')
        .parentElement!.querySelector('pre')!;
      expect(letter.textContent).toContain('last warnings and errors ---\n');
      expect(letter.textContent).toContain('It says: restarting.');
      press('Send none');
      await waitFor(() =>
        expect(letter.textContent).not.toContain('refused: token=<secret>')
      );
      press('Send');
      await screen.findByText(/R-EK42/);
      expect(sent()[0].diagnostics).toBeNull();
    });

    it('may be missing, and nothing else is hindered', async () => {
      server.answers['diagnostics'] = () => json({ message: 'broken' }, 500);
      await composer();
      fill();
      press('Gather diagnostics');
      await screen.findByText('broken');
      press('Send');
      await screen.findByText(/R-EK42/);
    });
  });

  describe('files', () => {
    const attach = (...files: File[]) =>
      fireEvent.change(field('Attach a file'), { target: { files } });
    const text = (name: string, size = 5, type = 'text/plain') =>
      new File(['x'.repeat(size)], name, { type });

    it('go along, and can be taken out again', async () => {
      await composer();
      fill();
      attach(text('a.txt'), text('run.log', 5, ''));
      await screen.findByText('run.log');
      press('Take out: a.txt');
      await waitFor(() => expect(screen.queryByText('a.txt')).toBeNull());
      press('Send');
      await screen.findByText(/R-EK42/);
      expect(sent()[0].attachments).toEqual([
        { name: 'run.log', type: 'text/plain', data: btoa('xxxxx') }
      ]);
    });

    it('are refused where they are too many, too large or of another type', async () => {
      await composer(({ limits }) => {
        limits.attachments = 2;
        limits.attachment_bytes = 100;
        limits.total_bytes = 120;
      });
      attach(
        text('large.txt', 101),
        text('run.exe', 5, 'application/x-msdownload'),
        text('a.txt', 90),
        text('b.txt', 40),
        text('c.txt', 5),
        text('d.txt', 5)
      );
      await screen.findByText(/large\.txt.*at most/);
      screen.getByText(/run\.exe.*files of this type are not taken/);
      screen.getByText(/b\.txt.*all files together/);
      screen.getByText(/d\.txt.*at most 2 files/);
      const list = screen.getByRole('list', { name: 'Files' });
      expect(within(list).getAllByRole('listitem')).toHaveLength(2);
    });
  });

  describe('encryption', () => {
    it('is offered where this server can do it', async () => {
      await composer(value => (value.encrypts = true));
      fill();
      fireEvent.click(screen.getByRole('checkbox', { name: /Encrypt it/ }));
      press('Send');
      await screen.findByText(/R-EK42/);
      expect(sent()[0].encrypt).toBe(true);
    });

    it('is not offered where it cannot', async () => {
      await composer(value => (value.encrypts = false));
      expect(screen.queryByRole('checkbox', { name: /Encrypt it/ })).toBeNull();
    });
  });

  describe('without the service', () => {
    it('goes by mail, with a file to attach', async () => {
      const blobs: Blob[] = [];
      Object.assign(URL, {
        createObjectURL: (blob: Blob) => {
          blobs.push(blob);
          return 'blob:x';
        },
        revokeObjectURL: () => undefined
      });
      jest.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation();
      await composer(value => {
        value.offered = false;
        value.why = 'This hub takes no requests by itself.';
        value.mailto = 'help@lab.university.example';
      });
      screen.getByText('This hub takes no requests by itself.');
      expect(screen.queryByRole('button', { name: 'Send' })).toBeNull();
      fill();
      const link = screen.getByRole('link', { name: /Open the mail to/ });
      const url = new URL(link.getAttribute('href')!);
      expect(url.pathname).toBe('help@lab.university.example');
      expect(url.searchParams.get('subject')).toBe('My kernel dies');
      expect(url.searchParams.get('body')).toContain('It says: restarting.');
      press('Save the file');
      expect(blobs).toHaveLength(1);
      expect(blobs[0].size).toBeGreaterThan(50);
    });

    it('is a file for somebody, where nobody is known', async () => {
      await composer(value => {
        value.offered = false;
        value.why = 'No service.';
        value.reader = value.mailto = '';
        value.kept_days = 0;
      });
      screen.getByText(/give it to whoever looks after this hub/);
      screen.getByText(/Nobody who would read it has been named/);
      expect(screen.queryByRole('link', { name: /Open the mail/ })).toBeNull();
    });
  });

  it('says so when even the composer cannot be had, and tries again', async () => {
    server.answers['support'] = () => json({ message: 'broken' }, 500);
    open();
    await screen.findByText('broken');
    server.answers['support'] = () => json(support());
    press('Try again');
    await screen.findByRole('radio', { name: /Something is broken/ });
  });

  describe('in the panel', () => {
    let panel: HubPanel;
    let commands: CommandRegistry;

    beforeEach(() => {
      commands = new CommandRegistry();
      server.answers['requests'] = () => json({ requests: requests() });
    });

    afterEach(() => panel.dispose());

    function show(): void {
      panel = new HubPanel({
        commands,
        hub,
        model,
        state: null,
        translator: nullTranslator
      });
      panel.sections = SECTIONS;
      Widget.attach(panel, document.body);
    }

    it('is a button, and what was sent is below it with what became of it', async () => {
      const ask = jest.fn();
      commands.addCommand(CommandIDs.askForHelp, {
        describedBy: {},
        execute: ask
      });
      show();
      const list = await screen.findByRole('list', {
        name: 'Your help requests'
      });
      const [queued, answered, failed] =
        within(list).getAllByRole<HTMLElement>('listitem');
      within(queued).getByText('Stored, and being sent.');
      within(queued).getByText(/it is tried again/);
      within(answered).getByText('HUB-1042');
      within(answered).getByText(/“Large” has enough memory/);
      within(failed).getByText('It could not be delivered. It is not lost.');
      press('Ask for help…');
      expect(ask).toHaveBeenCalledTimes(1);
    });

    it('is asked for again when one was sent', async () => {
      show();
      await screen.findByRole('list', { name: 'Your help requests' });
      const next: ISentRequest = { ...requests()[0], id: 'n', subject: 'Next' };
      server.answers['requests'] = () => json({ requests: [next] });
      hub.requestSent.emit(undefined);
      await screen.findByText('Next');
    });

    it('has no list where there is no service', async () => {
      server.answers['requests'] = () => json({ message: 'none' }, 404);
      show();
      await screen.findByRole('button', { name: 'Ask for help…' });
      expect(screen.queryByText('Your help requests')).toBeNull();
    });
  });
});

describe('a letter', () => {
  it('holds all that is sent', () => {
    const [kind] = support().categories;
    const letter = asLetter(request(), {
      category: kind.name,
      outage: 'Slow',
      user: 'ada',
      parts: {}
    });
    expect(letter.split('\n')).toEqual([
      'Subject: My kernel dies',
      'Kind: Something is broken: Slow',
      'From: ada',
      'Reply to: ada@lab.university.example',
      'Affected: my whole class',
      '',
      'It dies when I open the large file.',
      '',
      'Attached: a.txt',
      '',
      '--- versions ---',
      'Python: 3.12.1'
    ]);
  });

  it('is cut in a link, which says so, and can add no other header', () => {
    const link = mailtoOf(
      'a@b.example?bcc=x',
      'a&bcc=y',
      'x'.repeat(5000),
      'more'
    );
    const url = new URL(link);
    expect([...url.searchParams.keys()]).toEqual(['subject', 'body']);
    expect(url.pathname).toBe('a@b.example%3Fbcc%3Dx');
    expect(url.searchParams.get('body')).toMatch(/^x{1500}\n\[more\]$/);
  });
});

describe('a request’s key', () => {
  it('changes when anything else does', () => {
    const key = new RequestKey();
    const first = key.of(request());
    expect(key.of(request())).toBe(first);
    expect(key.of({ ...request(), encrypt: true })).not.toBe(first);
  });
});

describe('a draft', () => {
  it('that is something else is none', async () => {
    const state = new StateDB();
    await state.save('jupyter-2i2c:help-draft', { subject: 7, text: 'kept' });
    expect(await new Drafts(state).read()).toEqual({
      ...NO_DRAFT,
      text: 'kept'
    });
    expect(await new Drafts(null).read()).toEqual(NO_DRAFT);
  });
});
