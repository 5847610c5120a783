//! Flags, wiring, exit codes, progress: the only room that prints.

mod args;
mod diff;
mod exit;
mod generate;
mod inspect;
mod interrupt;
mod latest;
mod open;
mod printer;
mod restore;
mod stores;
mod survey;
mod verify;

pub use args::Cli;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory;
use clap::Parser;
use clap::error::ErrorKind;

use args::Command;
use args::OutputFormat;
use exit::Exit;
use printer::Printer;

/// Runs the command line and returns the exit code of the process.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    interrupt::ends_at_once();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return usage(&args, &error),
    };
    let printer = Printer::new(&cli.global);
    match dispatch(cli, &printer) {
        Ok(exit) => exit.into(),
        Err(error) if printer::is_closed_pipe(&error) => Exit::Clean.into(),
        Err(error) => {
            let (exit, failure) = exit::failure(&error);
            printer.failure(&failure);
            exit.into()
        }
    }
}

fn dispatch(cli: Cli, printer: &Printer) -> anyhow::Result<Exit> {
    printer::start_log(cli.global.verbose);
    match cli.command {
        Command::Inspect(args) => inspect::run(&args, &cli.global, printer),
        Command::Diff(args) => diff::run(&args, &cli.global, printer),
        Command::Verify(args) => verify::run(&args, &cli.global, printer),
        Command::Latest(args) => latest::run(&args, &cli.global, printer),
        Command::Restore(args) => restore::run(&args, &cli.global, printer),
        Command::Stores => stores::run(printer),
        Command::Schema(args) => generate::schema(&args, printer),
        Command::Completions(args) => generate::completions(&args, printer),
        Command::Man(args) => generate::man(&args, printer),
    }
}

/// Help and version are no failure; everything else that clap says is a usage error.
fn usage(args: &[OsString], error: &clap::Error) -> ExitCode {
    let told = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !told && args::asks_for_json(args) {
        let text = error.render().to_string();
        let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
        let message = lines.collect::<Vec<_>>().join(" ");
        let message = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
        let hint = Some("see chkctl --help".to_owned());
        let (exit, failure) = exit::failure(&exit::Stop::usage(message, hint).into());
        printer::json_failure(&failure);
        return exit.into();
    }
    // A closed stdout or stderr leaves nobody to tell.
    let _ = error.print();
    if told { Exit::Clean.into() } else { Exit::Usage.into() }
}

/// The whole command line, from which completions, man pages and help are made.
pub fn command() -> clap::Command {
    Cli::command()
}

/// The format of a report, for the commands that make one.
fn is_table(format: OutputFormat) -> bool {
    format == OutputFormat::Table
}
