//! stdout is the report, stderr is talk.

use std::io;
use std::io::BufWriter;
use std::io::IsTerminal;
use std::io::StdoutLock;
use std::io::Write;

use anstream::AutoStream;
use anstream::ColorChoice;
use anstyle::AnsiColor;
use anstyle::Style;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use serde::Serialize;

use super::args::Color;
use super::args::Global;
use super::args::OutputFormat;
use crate::report::document::Head;
use crate::report::document::Warning;
use crate::report::error::Failure;
use crate::report::text::display_safe;
use crate::report::units;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Warnings of one report that are told on stderr.
const WARNINGS: usize = 20;

/// Where things are printed, and how.
#[derive(Debug)]
pub(super) struct Printer {
    choice: ColorChoice,
    quiet: bool,
    json: bool,
}

/// Where a report for a person goes.
pub(super) type Report = BufWriter<AutoStream<StdoutLock<'static>>>;
/// Where JSON goes.
pub(super) type Data = BufWriter<StdoutLock<'static>>;

impl Printer {
    pub(super) fn new(global: &Global) -> Self {
        let choice = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let json = global.output != OutputFormat::Table;
        Printer { choice, quiet: global.quiet, json }
    }

    /// Writes a report to stdout in the format that was asked for.
    pub(super) fn print(
        &self,
        format: OutputFormat,
        document: &impl Serialize,
        table: impl FnOnce(&mut Report) -> io::Result<()>,
        lines: impl FnOnce(&mut Data) -> io::Result<()>,
    ) -> anyhow::Result<()> {
        match format {
            OutputFormat::Table => {
                let mut out = self.report();
                table(&mut out)?;
                out.flush()?;
            }
            OutputFormat::Json => self.json(document)?,
            OutputFormat::Jsonl => {
                let mut out = self.data();
                lines(&mut out)?;
                out.flush()?;
            }
        }
        Ok(())
    }

    /// The report goes here; buffered, so it has to be flushed.
    pub(super) fn report(&self) -> Report {
        BufWriter::with_capacity(1 << 16, AutoStream::new(io::stdout().lock(), self.choice))
    }

    /// JSON goes here: no styles are looked for in it.
    pub(super) fn data(&self) -> Data {
        BufWriter::with_capacity(1 << 16, io::stdout().lock())
    }

    /// Writes a document to stdout.
    pub(super) fn json(&self, document: &impl Serialize) -> anyhow::Result<()> {
        let mut out = self.data();
        serde_json::to_writer_pretty(&mut out, document)?;
        writeln!(out)?;
        out.flush()?;
        Ok(())
    }

    /// Columns a table may use; `None` where nothing limits it.
    pub(super) fn width(&self) -> Option<usize> {
        if !io::stdout().is_terminal() {
            return None;
        }
        terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
    }

    /// Something the user should know and need not act on.
    pub(super) fn note(&self, text: &str) {
        self.talk(BOLD, "note", text);
    }

    /// Tells what the head of a document says of moves and of what was noticed.
    pub(super) fn tell(&self, head: &Head) {
        for rule in head.rebased.iter().filter(|rule| !rule.stated) {
            let text = format!(
                "the checkpoint was moved: files written below {} are looked for below {}",
                rule.from, rule.to
            );
            self.note(&text);
        }
        // A root can give reason for thousands; the document has them all.
        head.warnings.iter().take(WARNINGS).for_each(|warning| self.warning(warning));
        if let Some(more) = head.warnings.len().checked_sub(WARNINGS).filter(|more| *more > 0) {
            let more = units::count(more as u64, "more warning");
            self.note(&format!("{more}; --output json has them all"));
        }
    }

    /// Something noticed while the report was made.
    fn warning(&self, warning: &Warning) {
        let text = format!("{}: {} [{}]", warning.subject, warning.message, warning.code);
        self.talk(YELLOW, "warning", &text);
    }

    fn talk(&self, style: Style, what: &str, text: &str) {
        if !self.quiet {
            self.stderr(style, what, text);
        }
    }

    fn stderr(&self, style: Style, what: &str, text: &str) {
        let mut err = AutoStream::new(io::stderr().lock(), self.choice);
        // Nobody is left to be told about a closed stderr.
        let _ = writeln!(err, "{style}{what}:{style:#} {}", display_safe(text));
    }

    /// Why the command ends without a report.
    pub(super) fn failure(&self, failure: &Failure) {
        if self.json {
            return json_failure(failure);
        }
        self.stderr(RED, "error", &failure.message);
        for cause in &failure.causes {
            self.stderr(BOLD, "caused by", cause);
        }
        if let Some(hint) = &failure.hint {
            self.stderr(BOLD, "hint", hint);
        }
    }

    /// A bar on stderr for `what`; hidden where it would be in the way.
    pub(super) fn bar(&self, what: &'static str) -> ProgressBar {
        if self.quiet || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        styled(ProgressBar::no_length().with_message(what), "{msg} {wide_bar} {pos}/{len} {eta}")
    }

    /// As [`Printer::bar`], of bytes.
    pub(super) fn bytes(&self, what: &'static str) -> ProgressBar {
        let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        styled(self.bar(what), template)
    }

    /// What is said when an interrupt ends the process: what to do next.
    pub(super) fn on_interrupt(&self, next: &'static str) -> impl Fn() + Send + Sync + 'static {
        let printer = Printer { ..*self };
        move || printer.note(&format!("interrupted; {next}"))
    }

    /// As [`Printer::bar`], for work whose end is not known.
    pub(super) fn spinner(&self, what: &'static str) -> ProgressBar {
        let bar = self.bar(what);
        styled(bar, "{msg} {spinner} {human_pos}")
    }
}

fn styled(bar: ProgressBar, template: &'static str) -> ProgressBar {
    // The template is a constant, so it parses or the bar keeps its default look.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// A failure as JSON on stderr.
pub(super) fn json_failure(failure: &Failure) {
    let mut err = io::stderr().lock();
    // Nobody is left to be told about a closed stderr.
    let _ = serde_json::to_writer(&mut err, failure);
    let _ = writeln!(err);
}

/// Whether the reader of stdout has gone, as `head` does: no failure of ours.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json =
            cause.downcast_ref::<serde_json::Error>().and_then(|error| error.io_error_kind());
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}

/// Logs to stderr as `-v` or `RUST_LOG` ask for.
pub(super) fn start_log(verbose: u8) {
    let level = match verbose {
        0 if std::env::var_os("RUST_LOG").is_none() => return,
        0 => "error",
        1 => "chkctl=info",
        2 => "chkctl=debug",
        _ => "chkctl=trace,object_store=debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second start would only keep the first log.
    let _ = log.with_ansi(io::stderr().is_terminal()).try_init();
}
