#!/usr/bin/python3
"""Runs a program on a terminal of its own and plays its user.

usage: on_terminal.py ROWSxCOLUMNS STEP... -- PROGRAM [ARGUMENT...]

Steps: see TEXT, gone TEXT (wait until it is, or is no longer, on the screen),
keys TEXT (with \\e), resize ROWSxCOLUMNS, signal NAME, stopped, clean (the
terminal is as it was before), run COMMAND (a shell command), hangup, deaf (what
the program writes is not read any more), exit STATUS.
With "exit" the terminal must be clean, unless it was hung up. Waits 5 s for
each; then prints the screen and fails.

Knows as much of a terminal as ctl/screen.c makes use of, and fails on more.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

WAIT_S = 5
SEQUENCE = re.compile(r"\x1b(\[(\?)?([0-9;]*)([A-Za-z])|[^\[])")


class Terminal:
    """The screen that the program draws on."""

    def __init__(self, rows, columns):
        self.resize(rows, columns)
        self.modes = {25: True, 7: True, 1049: False}
        self.rest = ""

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.lines = [""] * rows
        self.row = self.column = 0

    def put(self, char):
        if self.column >= self.columns:
            if not self.modes[7]:
                return  # cut at the margin
            self.row, self.column = self.row + 1, 0
        self.scroll()
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[:self.column] + char + \
            line[self.column + 1:]
        self.column += 1

    def scroll(self):
        while self.row >= self.rows:
            self.lines = self.lines[1:] + [""]
            self.row -= 1

    def control(self, private, numbers, final):
        if private and final in "hl" and int(numbers) in self.modes:
            self.modes[int(numbers)] = final == "h"
        elif final == "H" and not numbers:
            self.row = self.column = 0
        elif final == "K" and not numbers:
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif final == "J":
            if numbers != "2":
                self.lines[self.row] = self.lines[self.row][:self.column]
            first = 0 if numbers == "2" else self.row + 1
            for row in range(first, self.rows):
                self.lines[row] = ""
        elif final != "m":
            sys.exit(f"unknown sequence {numbers}{final}")

    def feed(self, data):
        text = self.rest + data.decode("utf-8", "replace")
        self.rest = ""
        at = 0
        while at < len(text):
            char = text[at]
            if char == "\x1b":
                match = SEQUENCE.match(text, at)
                if not match:
                    self.rest = text[at:]
                    return
                if not match.group(4):
                    sys.exit(f"unknown escape {match.group(0)!r}")
                self.control(match.group(2), match.group(3), match.group(4))
                at = match.end()
                continue
            if char == "\n":
                self.row += 1
                self.scroll()
            elif char == "\r":
                self.column = 0
            elif ord(char) < 32:
                sys.exit(f"control character {char!r}")
            else:
                self.put(char)
            at += 1

    def text(self):
        return "\n".join(self.lines)

    def is_clean(self):
        return self.modes == {25: True, 7: True, 1049: False}


class Player:
    def __init__(self, size, command):
        self.terminal = Terminal(*size)
        self.master, self.slave = pty.openpty()
        self.set_size(size)
        self.before = termios.tcgetattr(self.slave)
        self.is_deaf = self.is_hung_up = False
        self.pending = b""
        self.child = subprocess.Popen(
            command, stdin=self.slave, stdout=self.slave,
            stderr=subprocess.PIPE, preexec_fn=self.take_terminal)

    def take_terminal(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def set_size(self, size):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", *size, 0, 0))

    def listen(self, seconds):
        if self.is_deaf or self.is_hung_up:
            time.sleep(min(seconds, 0.02))
            return
        if select.select([self.master], [], [], seconds)[0]:
            data = self.pending + os.read(self.master, 65536)
            # A character may be cut in two.
            cut = len(data)
            while cut > 0 and len(data) - cut < 4 and \
                    not self.is_whole(data[:cut]):
                cut -= 1
            self.pending = data[cut:]
            self.terminal.feed(data[:cut])

    @staticmethod
    def is_whole(data):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return True

    def wait(self, what, condition):
        deadline = time.monotonic() + WAIT_S
        while not condition():
            if time.monotonic() > deadline:
                sys.exit(f"not {what}; the screen:\n{self.terminal.text()}")
            self.listen(0.02)

    def is_clean(self):
        return self.terminal.is_clean() and \
            termios.tcgetattr(self.slave) == self.before

    def is_stopped(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "T"

    def step(self, verb, value):
        text = self.terminal.text
        if verb == "see":
            self.wait(f"seen: '{value}'", lambda: value in text())
        elif verb == "gone":
            self.wait(f"gone: '{value}'", lambda: value not in text())
        elif verb == "keys":
            os.write(self.master, value.replace("\\e", "\x1b").encode("utf-8", "surrogateescape"))
        elif verb == "resize":
            size = parse_size(value)
            self.terminal.resize(*size)
            self.set_size(size)
        elif verb == "signal":
            self.child.send_signal(getattr(signal, "SIG" + value))
        elif verb == "run":
            subprocess.run(value, shell=True, check=True)
        elif verb == "exit":
            self.wait("ended", lambda: self.child.poll() is not None)
            if self.child.returncode != int(value):
                sys.exit(f"exit status {self.child.returncode}, "
                         f"not {value}: {self.child.stderr.read()!r}")
            if not self.is_hung_up and not self.is_deaf:
                self.wait("clean at the end", self.is_clean)
        else:
            sys.exit(f"unknown step {verb}")

    def bare_step(self, verb):
        if verb == "hangup":
            self.is_hung_up = True
            os.close(self.slave)
            os.close(self.master)
        elif verb == "deaf":
            self.is_deaf = True
        elif verb == "stopped":
            self.wait("stopped", self.is_stopped)
        elif verb == "clean":
            self.wait("clean", self.is_clean)
        else:
            return False
        return True

    def play(self, steps):
        try:
            while steps:
                verb = steps.pop(0)
                if not self.bare_step(verb):
                    self.step(verb, steps.pop(0))
        finally:
            if self.child.poll() is None:
                self.child.kill()
        sys.stdout.write(self.child.stderr.read().decode())


def parse_size(text):
    rows, columns = text.split("x")
    return int(rows), int(columns)


def main():
    steps = sys.argv[2:]
    if "--" not in steps:
        sys.exit(__doc__)
    split = steps.index("--")
    Player(parse_size(sys.argv[1]), steps[split + 1:]).play(steps[:split])


if __name__ == "__main__":
    main()
