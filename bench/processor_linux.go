package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// processors are the one that what is measured has for itself, and the one for all the rest.
type processors struct{ server, load int }

// split finds two processors, and keeps the calling program to the second, with all that it starts but by [processors.start], until it ends.
func (b *bench) split() (p processors, err error) {
	if b.processors != nil {
		return *b.processors, nil
	}
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return p, err
	}
	var list []int
	for cpu := 0; cpu < 1024 && len(list) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			list = append(list, cpu)
		}
	}
	if len(list) < 2 {
		return p, errors.New("two processors are needed: one for the server, one for the load")
	}
	p = processors{server: list[1], load: list[0]}
	threads, err := os.ReadDir("/proc/self/task")
	for _, t := range threads {
		id, _ := strconv.Atoi(t.Name())
		if e := pin(id, p.load); e != nil && !errors.Is(e, unix.ESRCH) {
			return p, e
		}
	}
	runtime.GOMAXPROCS(1) // more threads than processors take turns with the one that measures
	b.processors = &p
	return p, err
}

func pin(thread, cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	return unix.SchedSetaffinity(thread, &set)
}

// start starts a program on the server's processor.
func (p processors) start(cmd *exec.Cmd) error {
	runtime.LockOSThread() // a process runs where the thread does that starts it
	defer runtime.UnlockOSThread()
	if err := pin(0, p.server); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), pin(0, p.load))
}

// processorTime is how long the threads of a process have run.
func processorTime(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("process %d has no threads", pid)
	}
	var sum time.Duration
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", f, err)
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}
