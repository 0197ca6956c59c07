import { describe, expect, it } from 'vitest';
import { Progress } from '../../cli/progress.ts';
import { FakeStream } from './streams.ts';

function started(total: number, stream: FakeStream, quiet = false) {
  const clock = { seconds: 1000 };
  const bar = new Progress('Training', total, { quiet, stream, now: () => clock.seconds });
  return { clock, bar };
}

describe('Progress on a terminal', () => {
  it('shows share, count, times and the note on one line that redraws itself', () => {
    const stream = new FakeStream(true, 100);
    const { clock, bar } = started(40, stream);
    clock.seconds += 10;
    bar.update(10, 'loss 0.312');
    expect(stream.text.split('\r\x1b[2K').at(-1)).toBe(
      'Training [########----------------------]  25 %  10/40  10 s  about 30 s left  loss 0.312',
    );
    clock.seconds += 30;
    bar.update(40, 'loss 0.1');
    bar.finish();
    expect(stream.shown).toEqual([
      'Training [##############################]  100 %  40/40  40 s  loss 0.1',
      '',
    ]);
  });

  it('redraws no more than ten times a second', () => {
    const stream = new FakeStream(true, 100);
    const { clock, bar } = started(1000, stream);
    for (let done = 1; done <= 1000; done++) {
      clock.seconds += 0.001;
      bar.update(done);
    }
    expect(stream.text.split('\r').length).toBeLessThan(14);
  });

  it('follows the speed of the last half minute', () => {
    const stream = new FakeStream(true, 100);
    const { clock, bar } = started(1000, stream);
    for (let done = 1; done <= 100; done++) {
      clock.seconds += 10;
      bar.update(done);
    }
    for (let done = 101; done <= 200; done++) {
      clock.seconds += 1;
      bar.update(done);
    }
    // 800 left at one a second; the mean since the beginning would say an hour and more.
    expect(stream.shown.at(-1)).toContain('about 13 min 20 s left');
  });

  it('leaves what was done before out of the estimate', () => {
    const stream = new FakeStream(true, 100);
    const { clock, bar } = started(1000, stream);
    clock.seconds += 10;
    bar.update(10);
    bar.skip(500);
    clock.seconds += 10;
    bar.update(510);
    expect(stream.shown.at(-1)).toContain('51 %  510/1000  20 s  about 8 min 10 s left');
  });

  it('never fills the last column, and drops the bar when there is no room', () => {
    const stream = new FakeStream(true, 40);
    const { clock, bar } = started(4000, stream);
    clock.seconds += 1;
    bar.update(100, 'a very long note that no narrow terminal can hold');
    for (const line of stream.text.split('\r\x1b[2K')) expect(line.length).toBeLessThan(40);
    expect(stream.shown.at(-1)).not.toContain('[');
  });

  it('takes 80 columns where the terminal knows no width', () => {
    const stream = new FakeStream(true, 0);
    const { bar } = started(8, stream);
    bar.finish();
    expect(stream.shown[0]).toBe('Training [------------------------------]  0 %  0/8  0.0 s');
  });

  it('writes a line of its own above the bar', () => {
    const stream = new FakeStream(true, 100);
    const { bar } = started(10, stream);
    bar.log('sub-CN001: 3 voxels were not a number');
    expect(stream.shown[0]).toBe('sub-CN001: 3 voxels were not a number');
    expect(stream.shown[1]).toContain('Training');
  });

  it('counts on when the total is unknown', () => {
    const stream = new FakeStream(true, 100);
    const { clock, bar } = started(0, stream);
    clock.seconds += 2;
    bar.update(7);
    bar.finish();
    expect(stream.shown[0]).toBe('Training  7  2.0 s');
  });
});

describe('Progress in a log file', () => {
  it('writes a plain line at every tenth, and the end', () => {
    const stream = new FakeStream();
    const { clock, bar } = started(1000, stream);
    for (let done = 1; done <= 1000; done++) {
      clock.seconds += 0.05;
      bar.update(done);
    }
    bar.finish('loss 0.1');
    const lines = stream.text.trimEnd().split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe('Training: 10 %, 100/1000, 5.0 s, about 45 s left');
    expect(lines[10]).toBe('Training: 100 %, 1000/1000, 50 s, loss 0.1');
    expect(stream.text).not.toMatch(/[\r\x1b]/);
  });

  it('writes one line only for short work', () => {
    const stream = new FakeStream();
    const { clock, bar } = started(100, stream);
    for (let done = 1; done <= 100; done++) {
      clock.seconds += 0.01;
      bar.update(done);
    }
    bar.finish();
    bar.finish();
    expect(stream.text).toBe('Training: 100 %, 100/100, 1.0 s\n');
  });

  it('shows a sign of life once a minute during very long work', () => {
    const stream = new FakeStream();
    const { clock, bar } = started(100_000, stream);
    for (let done = 1; done <= 100; done++) {
      clock.seconds += 6;
      bar.update(done);
    }
    expect(stream.text.trimEnd().split('\n')).toHaveLength(10);
  });
});

it('says nothing when quiet', () => {
  for (const stream of [new FakeStream(true, 80), new FakeStream()]) {
    const { clock, bar } = started(10, stream, true);
    clock.seconds += 100;
    bar.update(5);
    bar.log('a warning');
    bar.finish();
    expect(stream.text).toBe('');
  }
});
