//! What ends the process from outside: at once, or after what lies around was removed.

use std::io;
use std::panic;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::runtime::Runtime;

use super::exit;
use crate::ops::verify::open::Scratch;

/// Whether there is nothing to remove.
static AT_ONCE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));

/// An interrupt ends every command at once: what it has printed is all it did.
pub(super) fn ends_at_once() {
    let interrupt = signal_hook::consts::SIGINT;
    let (status, at_once) = (exit::INTERRUPTED, Arc::clone(&AT_ONCE));
    // Without the handler an interrupt ends the process as well, only without the exit code.
    let _ = signal_hook::flag::register_conditional_shutdown(interrupt, status, at_once);
}

/// Does something before the process ends, and has it end.
type Last = Arc<dyn Fn(&dyn Fn()) + Send + Sync>;

/// While it lives, nothing ends the process from outside before a directory is removed.
pub(super) struct CleansUp(Arc<Scratch>);

impl CleansUp {
    /// Has a directory removed before signals and panics end the process.
    ///
    /// # Errors
    /// Signals cannot be listened to.
    pub(super) fn new(runtime: &Runtime, scratch: Scratch) -> io::Result<Self> {
        let scratch = Arc::new(scratch);
        let _inside = runtime.enter();
        let last = Arc::clone(&scratch);
        listen(&(Arc::new(move |end: &dyn Fn()| last.remove(end)) as Last))?;
        let (previous, removed) = (panic::take_hook(), Arc::clone(&scratch));
        // Where a panic aborts, nothing else would.
        panic::set_hook(Box::new(move |info| {
            removed.remove(|| previous(info));
        }));
        AT_ONCE.store(false, Ordering::SeqCst);
        Ok(CleansUp(scratch))
    }

    /// The directory.
    pub(super) fn scratch(&self) -> &Scratch {
        &self.0
    }
}

impl Drop for CleansUp {
    fn drop(&mut self) {
        self.0.remove(|| AT_ONCE.store(true, Ordering::SeqCst));
    }
}

/// While it lives, an interrupt says something before it ends the process, and waits for what
/// must not be half done; once that is done, it ends nothing any more.
pub(super) struct Tells(Arc<Mutex<bool>>);

impl Tells {
    /// Has something said.
    ///
    /// # Errors
    /// Signals cannot be listened to.
    pub(super) fn new(
        runtime: &Runtime,
        say: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let done = Arc::new(Mutex::new(false));
        let _inside = runtime.enter();
        let last = Arc::clone(&done);
        let last: Last = Arc::new(move |end: &dyn Fn()| {
            let done = last.lock().unwrap_or_else(PoisonError::into_inner);
            if !*done {
                say();
                end();
            }
        });
        listen(&last)?;
        AT_ONCE.store(false, Ordering::SeqCst);
        Ok(Tells(done))
    }

    /// Does something that an interrupt waits for, and after which there is little left to end.
    pub(super) fn whole<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut done = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let worked = work();
        *done = worked.is_ok();
        worked
    }
}

impl Drop for Tells {
    fn drop(&mut self) {
        AT_ONCE.store(true, Ordering::SeqCst);
    }
}

#[cfg(unix)]
fn listen(last: &Last) -> io::Result<()> {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;

    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let (mut signals, last) = (signal(kind)?, Arc::clone(last));
        tokio::spawn(async move {
            signals.recv().await;
            last(&|| {
                if kind != SignalKind::interrupt() {
                    // As if it had never been caught; if that fails, it ends below.
                    let _ = signal_hook::low_level::emulate_default_handler(kind.as_raw_value());
                }
                signal_hook::low_level::exit(exit::INTERRUPTED)
            });
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn listen(last: &Last) -> io::Result<()> {
    let last = Arc::clone(last);
    tokio::spawn(async move {
        // Without a listener an interrupt ends the process as it is.
        let _ = tokio::signal::ctrl_c().await;
        last(&|| signal_hook::low_level::exit(exit::INTERRUPTED));
    });
    Ok(())
}
