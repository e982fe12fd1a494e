//! Times the transitive closure of a graph by datafrog, beside which `make bench` puts the same in the module.
//!
//! `closure FILE ROUNDS` reads edges, `from,to` on each line after a heading, and prints a line of Go's benchmark format a round. A
//! round is what a load of the same file does after reading it: sort the edges, derive, and keep the result sorted. Its time is
//! told on the wall, and as that which the thread was running.

use cpu_time::ThreadTime;
use datafrog::{Iteration, Relation};
use std::{env, error::Error, fs, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let [_, file, rounds] = &args[..] else {
        return Err("usage: closure FILE ROUNDS".into());
    };
    let edges = read(&fs::read_to_string(file)?)?;
    for _ in 0..rounds.parse()? {
        let edges = edges.clone();
        let (start, thread) = (Instant::now(), ThreadTime::now());
        let paths = close(edges);
        let (took, thread) = (start.elapsed(), thread.elapsed());
        println!(
            "BenchmarkClosure/datafrog 1 {} ns/op {} cpu-ns/op {} tuples",
            took.as_nanos(),
            thread.as_nanos(),
            paths.len()
        );
    }
    Ok(())
}

fn read(text: &str) -> Result<Vec<(u32, u32)>, Box<dyn Error>> {
    let mut edges = Vec::new();
    for line in text.lines().skip(1) {
        let (from, to) = line.split_once(',').ok_or("an edge has two ends")?;
        edges.push((from.parse()?, to.parse()?));
    }
    Ok(edges)
}

/// path(X, Y) :- edge(X, Y). path(X, Z) :- path(X, Y), edge(Y, Z). Paths are kept by their ends, the second first.
fn close(edges: Vec<(u32, u32)>) -> Relation<(u32, u32)> {
    let edge: Relation<(u32, u32)> = edges.into();
    let mut iteration = Iteration::new();
    let path = iteration.variable::<(u32, u32)>("path");
    path.insert(Relation::from_map(&edge, |&(x, y)| (y, x)));
    while iteration.changed() {
        path.from_join(&path, &edge, |_y, &x, &z| (z, x));
    }
    path.complete()
}
