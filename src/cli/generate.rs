//! `chkctl schema`, `completions` and `man`: what is made from the contract and the flags.

use std::fs;
use std::io::Write;

use anyhow::Context;

use super::args::CompletionsArgs;
use super::args::ManArgs;
use super::args::SchemaArgs;
use super::command;
use super::exit::Exit;
use super::exit::Stop;
use super::printer::Printer;
use crate::report::schema;

/// Prints JSON Schemas.
pub(super) fn schema(args: &SchemaArgs, printer: &Printer) -> anyhow::Result<Exit> {
    let all = schema::all();
    let Some(wanted) = &args.command else {
        let by_name: serde_json::Map<_, _> =
            all.into_iter().map(|one| (one.name.to_owned(), one.schema.to_value())).collect();
        printer.json(&by_name)?;
        return Ok(Exit::Clean);
    };
    let mut commands: Vec<&str> = all.iter().map(|one| one.command).collect();
    commands.dedup();
    let hint = format!("there are schemas for {}", commands.join(", "));
    let by_name = || all.into_iter().find(|one| one.name == wanted).map(|one| one.schema);
    match schema::of(wanted).or_else(by_name) {
        Some(schema) => printer.json(&schema)?,
        None => {
            let message = format!("{wanted}: writes no JSON document");
            return Err(Stop::usage(message, Some(hint)).into());
        }
    }
    Ok(Exit::Clean)
}

/// Prints the completions of one shell.
pub(super) fn completions(args: &CompletionsArgs, printer: &Printer) -> anyhow::Result<Exit> {
    // Into memory first: the generator panics where a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "chkctl", &mut script);
    let mut out = printer.data();
    out.write_all(&script)?;
    out.flush()?;
    Ok(Exit::Clean)
}

/// Prints a man page, or writes all of them.
pub(super) fn man(args: &ManArgs, printer: &Printer) -> anyhow::Result<Exit> {
    // Each page says what help of it says, so help has none.
    let mut root = command().disable_help_subcommand(true);
    root.build();
    let pages = || {
        let commands =
            root.get_subcommands().map(|sub| (format!("chkctl-{}", sub.get_name()), sub));
        std::iter::once(("chkctl".to_owned(), &root)).chain(commands)
    };
    if let Some(dir) = &args.dir {
        fs::create_dir_all(dir).with_context(|| format!("{}: cannot be made", dir.display()))?;
        for (name, page) in pages() {
            let file = dir.join(format!("{name}.1"));
            fs::write(&file, render(page)?)
                .with_context(|| format!("{}: cannot be written", file.display()))?;
        }
        return Ok(Exit::Clean);
    }
    let wanted = match &args.command {
        Some(command) => format!("chkctl-{command}"),
        None => "chkctl".to_owned(),
    };
    let Some((_, page)) = pages().find(|(name, _)| *name == wanted) else {
        let names: Vec<&str> = root.get_subcommands().map(clap::Command::get_name).collect();
        let hint = format!("there are pages for {}", names.join(", "));
        let message = format!("{}: is no command", args.command.as_deref().unwrap_or_default());
        return Err(Stop::usage(message, Some(hint)).into());
    };
    let mut out = printer.data();
    out.write_all(&render(page)?)?;
    out.flush()?;
    Ok(Exit::Clean)
}

fn render(page: &clap::Command) -> anyhow::Result<Vec<u8>> {
    let mut rendered = Vec::new();
    clap_mangen::Man::new(page.clone()).render(&mut rendered)?;
    Ok(rendered)
}
