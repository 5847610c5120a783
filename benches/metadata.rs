//! Reading a metadata file of a million shared files: how fast, and with how much memory.
//!
//! `cargo bench --no-default-features --bench metadata`; throughput in bytes of the file, and
//! the allocations of one run beside it. `benches/run` measures whole processes against Flink.

use std::sync::LazyLock;

use chkctl::format::flink::encode::Target;
use chkctl::format::flink::keyed::KeyedHandle;
use chkctl::format::flink::metadata::Metadata;
use divan::AllocProfiler;
use divan::Bencher;
use divan::counter::BytesCount;

#[allow(dead_code)]
#[path = "../examples/synthesize/properties.rs"]
mod properties;
#[allow(dead_code)]
#[path = "../examples/synthesize/shared_files.rs"]
mod shared_files;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let newest = Target::version(6).expect("a version that is written");
    shared_files::metadata(1_000_000).encode(newest).expect("every handle has a form in 6")
});

fn main() {
    divan::main();
}

/// Every byte is read and every handle checked.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn parse(bencher: Bencher<'_, '_>) {
    let file = FILE.as_slice();
    bencher
        .counter(BytesCount::of_slice(file))
        .bench(|| Metadata::parse(file).map(|m| m.operators.len()));
}

/// As `parse`, and then every shared file is looked at.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn parse_and_walk(bencher: Bencher<'_, '_>) {
    let file = FILE.as_slice();
    bencher.counter(BytesCount::of_slice(file)).bench(|| {
        let metadata = Metadata::parse(file).expect("the writer's own file");
        let shared = |handle| match handle {
            KeyedHandle::Incremental(handle) => handle.shared.iter().count(),
            _ => 0,
        };
        metadata.keyed_handles().map(shared).sum::<usize>()
    });
}

/// The peer: reading each byte once, without understanding it.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn sum_of_all_bytes(bencher: Bencher<'_, '_>) {
    let file = FILE.as_slice();
    bencher
        .counter(BytesCount::of_slice(file))
        .bench(|| file.iter().map(|b| u64::from(*b)).sum::<u64>());
}
