#!/usr/bin/env python3
"""Runs a command with a terminal of its own and answers its question for a password.

ask.py ANSWER|INT|STOP|NUL COMMAND...

Prints what the terminal showed; the last line is "exit CODE echo BEFORE DURING AFTER", where the three
say whether the terminal shows what is typed. INT sends ^C instead of an answer. STOP sends ^Z, goes on
with SIGCONT and then answers "secret". NUL is an answer with such a byte in it.
"""
import os
import pty
import select
import signal
import sys
import termios
import time


def echo(fd):
    return "on" if termios.tcgetattr(fd)[3] & termios.ECHO else "off"


def wait_until(done, seconds=20):
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            sys.exit("ask.py: waited in vain")
        time.sleep(0.01)


def main():
    answer, command = sys.argv[1], sys.argv[2:]
    controller, terminal = pty.openpty()
    before = echo(terminal)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.close(controller)
        for fd in (0, 1, 2):
            os.dup2(terminal, fd)
        fd = os.open(os.ttyname(0), os.O_RDWR)  # becomes the controlling terminal
        os.close(fd)
        os.closerange(3, 64)
        # A job of its own, so that it is no orphan and can be stopped.
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            os.tcsetpgrp(0, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            os.execvp(command[0], command)
        while True:
            _, status = os.waitpid(job, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                os._exit(os.waitstatus_to_exitcode(status) & 255)
            os.write(1, b"[stopped, echo %s]" % echo(0).encode())
            os.kill(job, signal.SIGCONT)

    shown = b""

    def read_more():
        nonlocal shown
        while select.select([controller], [], [], 0)[0]:
            shown += os.read(controller, 4096)
        return shown

    def asked(times):
        return lambda: read_more().count(b"password for") >= times and echo(terminal) == "off"

    wait_until(asked(1))
    during = echo(terminal)
    if answer == "STOP":
        os.write(controller, b"\x1a")
        wait_until(asked(2))
        answer = "secret"
    elif answer == "NUL":
        answer = "sec\0ret"
    os.write(controller, b"\x03" if answer == "INT" else answer.encode() + b"\n")
    done = []

    def ended():
        read_more()
        got, status = os.waitpid(pid, os.WNOHANG)
        if got:
            done.append(os.waitstatus_to_exitcode(status))
        return done

    wait_until(ended)
    read_more()
    sys.stdout.write(shown.decode().replace("\r", ""))
    print(f"\nexit {done[0]} echo {before} {during} {echo(terminal)}")


main()
