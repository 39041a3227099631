//! The sticky context view: where the program is, the source around it, and its variables with those that changed marked.

use rdb_core::host::Variable;
use rdb_core::ids::Line;

use super::{escape, pad, source_text, truncate, truncate_front, width};
use crate::highlight::{self, Role, Style};

/// What a view shows.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Where the program is.
    pub place: Place<'a>,
    /// All lines of the file; empty if there is no source.
    pub source: &'a [String],
    /// The lines of the file that have breakpoints.
    pub breakpoints: &'a [Line],
    /// The variables.
    pub variables: Variables<'a>,
    /// The columns of the screen.
    pub columns: usize,
    /// The rows of the screen; the view leaves two of them to the prompt.
    pub rows: usize,
    /// Whether there are colours.
    pub style: Style,
}

/// Where the program is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The file.
    pub path: &'a str,
    /// The function, by its qualified name.
    pub function: &'a str,
    /// The line; None where the interpreter has none.
    pub line: Option<Line>,
}

/// The variables of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Variables<'a> {
    /// The arguments of its function.
    pub arguments: &'a [Variable],
    /// Its local variables; the arguments may be among them.
    pub locals: &'a [Variable],
    /// Both, as they were at the last stop in the same frame; None at the first stop, where nothing counts as changed.
    pub before: Option<&'a [Variable]>,
}

/// Rows of the screen that a view leaves free, for the prompt and what is typed.
const PROMPT_ROWS: usize = 2;
/// A view has at least so many rows of source (if there are), however small the screen is.
const SOURCE_ROWS_MIN: usize = 3;
/// More source than this is for `list`.
const SOURCE_ROWS_MAX: usize = 25;
/// On a narrower screen than this, indentation that all shown lines have is left out.
const NARROW: usize = 40;
/// Names longer than this do not push the values of the others aside.
const NAME_COLUMNS_MAX: usize = 16;

/// Returns the view, each line ended. No line is wider than the screen.
pub fn view(view: &View<'_>) -> String {
    let rows = view.rows.saturating_sub(PROMPT_ROWS + 1).max(SOURCE_ROWS_MIN + 1);
    let shown = shown_variables(&view.variables);
    let source_wanted = view.source.len().min(SOURCE_ROWS_MAX);
    let source_rows_min = source_wanted.min(SOURCE_ROWS_MIN.max(rows / 2));
    let variable_rows = shown.len().min(rows - source_rows_min);
    let mut lines = vec![heading(view)];
    lines.extend(source_rows(view, source_wanted.min(rows - variable_rows)));
    lines.extend(variable_lines(&shown, variable_rows, view));
    lines.iter().map(|line| truncate(line, view.columns).into_owned() + "\n").collect()
}

fn heading(view: &View<'_>) -> String {
    let Place { path, function, line } = view.place;
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    let function = format!(" {}", escape(function));
    let room = view.columns.saturating_sub(width(&line) + width(&function));
    let path = escape(path);
    // A file is known by its end and a function by its beginning, so that is what stays on a narrow screen.
    let path = truncate_front(&path, room.max(view.columns / 2));
    view.style.paint(Role::Place, &truncate(&format!("{path}{line}{function}"), view.columns))
}

fn source_rows(view: &View<'_>, rows: usize) -> Vec<String> {
    let Some(line) = view.place.line else { return Vec::new() };
    let current = usize::try_from(line).unwrap_or(usize::MAX);
    let last_first = view.source.len().saturating_sub(rows);
    let first = current.saturating_sub(rows / 2 + 1).min(last_first);
    let end = view.source.len().min(first + rows);
    let number_columns = end.to_string().len().max(3);
    // Colours go onto the text as it is shown: painted first, a tab or control character would break into a sequence.
    let mut shown: Vec<String> = view.source[..end].iter().map(|line| source_text(line).into_owned()).collect();
    if view.columns < NARROW {
        dedent(&mut shown[first..]);
    }
    let painted = highlight::window(&shown, first, rows, view.style);
    let row = |(text, number)| source_row(view, number, number_columns, text);
    painted.iter().map(String::as_str).zip(first + 1..).map(row).collect()
}

/// Drops the blanks that all lines begin with.
fn dedent(lines: &mut [String]) {
    let blanks = |line: &String| (!line.is_empty()).then(|| line.len() - line.trim_start_matches(' ').len());
    let common = lines.iter().filter_map(blanks).min().unwrap_or(0);
    for line in lines {
        line.drain(..common.min(line.len()));
    }
}

fn source_row(view: &View<'_>, number: usize, number_columns: usize, text: &str) -> String {
    let is_line = |line: &Line| usize::try_from(*line) == Ok(number);
    let shown_number = view.style.paint(Role::LineNumber, &format!("{number:>number_columns$}"));
    let breakpoint = match view.breakpoints.iter().any(is_line) {
        true => view.style.paint(Role::Breakpoint, "B"),
        false => " ".to_owned(),
    };
    let arrow = match view.place.line.as_ref().is_some_and(is_line) {
        true => view.style.paint(Role::Current, "->"),
        false => "  ".to_owned(),
    };
    let row = format!("{shown_number} {breakpoint}{arrow} {text}");
    if text.is_empty() && view.style == Style::Plain { row.trim_end().to_owned() } else { row }
}

/// A variable, and whether it is another than at the last stop.
struct Shown<'a> {
    variable: &'a Variable,
    changed: bool,
}

/// Returns the arguments and then the other locals, without what is only noise in a view.
fn shown_variables<'a>(variables: &Variables<'a>) -> Vec<Shown<'a>> {
    let bare = |variable: &Variable| variable.name.trim_start_matches('*').to_owned();
    let arguments: Vec<String> = variables.arguments.iter().map(bare).collect();
    let locals = variables.locals.iter().filter(|local| !arguments.contains(&bare(local)) && !is_noise(local));
    let changed = |variable: &Variable| {
        let name = bare(variable);
        let old = |before: &[Variable]| before.iter().find(|old| bare(old) == name).map(|old| old.value.clone());
        variables.before.is_some_and(|before| old(before).as_ref() != Some(&variable.value))
    };
    let shown = |variable: &'a Variable| Shown { variable, changed: changed(variable) };
    variables.arguments.iter().chain(locals).map(shown).collect()
}

/// Names of the interpreter's own, names that have no value yet, and what modules are full of: imports and definitions.
fn is_noise(variable: &Variable) -> bool {
    let dunder = variable.name.starts_with("__") && variable.name.ends_with("__");
    let unbound = variable.value.is_none();
    dunder
        || unbound
        || matches!(variable.type_name.as_str(), "module" | "function" | "type" | "builtin_function_or_method")
}

fn variable_lines(shown: &[Shown<'_>], rows: usize, view: &View<'_>) -> Vec<String> {
    if rows == 0 {
        return Vec::new();
    }
    let room = if shown.len() > rows { rows - 1 } else { rows };
    let picked = pick(shown, room);
    let longest = picked.iter().map(|shown| width(&shown.variable.name)).max().unwrap_or(0);
    let names = longest.min(NAME_COLUMNS_MAX);
    let mut lines: Vec<String> = picked.iter().map(|shown| variable_line(shown, names, view)).collect();
    if shown.len() > picked.len() {
        lines.push(format!("  ... and {} more", shown.len() - picked.len()));
    }
    lines
}

/// Returns `room` variables in their order; if there are more, those that changed come before those that did not.
fn pick<'s, 'a>(shown: &'s [Shown<'a>], room: usize) -> Vec<&'s Shown<'a>> {
    let changed = shown.iter().filter(|shown| shown.changed).count();
    let mut room_for_changed = changed.min(room);
    let mut room_for_others = room - room_for_changed;
    let fits = |shown: &&Shown<'_>| {
        let room = if shown.changed { &mut room_for_changed } else { &mut room_for_others };
        let fits = *room > 0;
        *room = room.saturating_sub(1);
        fits
    };
    shown.iter().filter(fits).collect()
}

fn variable_line(shown: &Shown<'_>, name_columns: usize, view: &View<'_>) -> String {
    let Shown { variable, changed } = shown;
    let name = view.style.paint(Role::Variable, &pad(&escape(&variable.name), name_columns));
    let value = variable.value.as_deref().unwrap_or("*** undefined ***");
    // What cannot be seen is not escaped either: a value may be megabytes long.
    let visible: String = value.chars().take(view.columns.saturating_mul(2)).collect();
    let value = escape(&visible);
    let (mark, value) = match changed {
        true => (view.style.paint(Role::Changed, "*"), view.style.paint(Role::Changed, &value)),
        false => (" ".to_owned(), value.into_owned()),
    };
    format!("{mark} {name} = {value}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::strip;

    fn variables(values: &[(&str, &str, &str)]) -> Vec<Variable> {
        let variable = |(name, value, type_name): &(&str, &str, &str)| Variable {
            name: (*name).to_owned(),
            value: (*value != "-").then(|| (*value).to_owned()),
            type_name: (*type_name).to_owned(),
        };
        values.iter().map(variable).collect()
    }

    fn program() -> Vec<String> {
        let head = ["import sys", "", "", "def total(prices, *rest, discount=0):"];
        let body = ["    \"\"\"Sums", "    up.\"\"\"", "    result = 0", "    for price in prices:"];
        let tail = ["\tresult += price  # tab", "    return result * (1 - discount)", "", "total([1, 2])"];
        head.iter().chain(&body).chain(&tail).map(|line| (*line).to_owned()).collect()
    }

    /// Renders a stop in `total` on a screen of this size.
    fn render(columns: usize, rows: usize, style: Style) -> String {
        let source = program();
        let arguments =
            variables(&[("prices", "[1, 2]", "list"), ("*rest", "()", "tuple"), ("discount", "0.5", "float")]);
        let locals = variables(&[
            ("prices", "[1, 2]", "list"),
            ("discount", "0.5", "float"),
            ("rest", "()", "tuple"),
            ("result", "1", "int"),
            ("price", "'a\\x1b' 变量变量变量变量变量变量变量变量 and more and more and more and more and more", "str"),
            ("unbound", "-", ""),
            ("sys", "<module 'sys' (built-in)>", "module"),
            ("__name__", "'__main__'", "str"),
        ]);
        let before = variables(&[
            ("prices", "[1, 2]", "list"),
            ("*rest", "()", "tuple"),
            ("discount", "0.5", "float"),
            ("result", "0", "int"),
            ("unbound", "-", ""),
        ]);
        view(&View {
            place: Place { path: "/home/user/project/shop/prices.py", function: "total", line: Some(9) },
            source: &source,
            breakpoints: &[7, 9],
            variables: Variables { arguments: &arguments, locals: &locals, before: Some(&before) },
            columns,
            rows,
            style,
        })
    }

    #[test]
    fn on_80_columns() {
        insta::assert_snapshot!(render(80, 24, Style::Plain), @r#"
        /home/user/project/shop/prices.py:9 total
          1     import sys
          2
          3
          4     def total(prices, *rest, discount=0):
          5         """Sums
          6         up."""
          7 B       result = 0
          8         for price in prices:
          9 B->         result += price  # tab
         10         return result * (1 - discount)
         11
         12     total([1, 2])
          prices   = [1, 2]
          *rest    = ()
          discount = 0.5
        * result   = 1
        * price    = 'a\x1b' 变量变量变量变量变量变量变量变量 and more and more and m...
        "#);
    }

    #[test]
    fn on_20_columns() {
        insta::assert_snapshot!(render(20, 12, Style::Plain), @r#"
        ...prices.py:9 total
          7 B   result = 0
          8     for price...
          9 B->     resul...
         10     return re...
          prices   = [1, 2]
          *rest    = ()
          discount = 0.5
        * result   = 1
        * price    = 'a\x...
        "#);
    }

    #[test]
    fn on_200_columns() {
        insta::assert_snapshot!(render(200, 60, Style::Plain), @r#"
        /home/user/project/shop/prices.py:9 total
          1     import sys
          2
          3
          4     def total(prices, *rest, discount=0):
          5         """Sums
          6         up."""
          7 B       result = 0
          8         for price in prices:
          9 B->         result += price  # tab
         10         return result * (1 - discount)
         11
         12     total([1, 2])
          prices   = [1, 2]
          *rest    = ()
          discount = 0.5
        * result   = 1
        * price    = 'a\x1b' 变量变量变量变量变量变量变量变量 and more and more and more and more and more
        "#);
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        for (columns, rows) in [(80, 24), (20, 12), (200, 60), (1, 1), (0, 0)] {
            let plain = render(columns, rows, Style::Plain);
            let trim = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
            let coloured = render(columns, rows, Style::Ansi);
            assert_eq!(trim(&strip(&coloured)), trim(&plain), "{columns}x{rows}");
            assert!(plain.lines().all(|line| width(line) <= columns), "{columns}x{rows}");
        }
        insta::assert_snapshot!(render(40, 9, Style::Ansi).replace('\x1b', "^"), @r#"
        ^[1m...e/user/project/shop/prices.py:9 total^[0m
        ^[2m  8^[0m         ^[1;34mfor^[0m price ^[1;34min^[0m prices:
        ^[2m  9^[0m ^[1;31mB^[0m^[1;33m->^[0m         result += price  ^[31m# tab^[0m
        ^[2m 10^[0m         ^[1;34mreturn^[0m result * (^[33m1^[0m - disc...
        ^[1;33m*^[0m ^[36mresult^[0m = ^[1;33m1^[0m
        ^[1;33m*^[0m ^[36mprice ^[0m = ^[1;33m'a\x1b' 变量变量变量变量变^[0m...
          ... and 3 more
        "#);
    }

    #[test]
    fn without_source_or_line() {
        let place = Place { path: "<string>", function: "<module>", line: None };
        let none = Variables { arguments: &[], locals: &variables(&[("x", "1", "int")]), before: None };
        let empty =
            View { place, source: &[], breakpoints: &[], variables: none, columns: 80, rows: 24, style: Style::Plain };
        assert_eq!(view(&empty), "<string> <module>\n  x = 1\n");
        let beyond = View { place: Place { line: Some(99), ..place }, ..empty };
        assert_eq!(view(&beyond), "<string>:99 <module>\n  x = 1\n");
    }

    #[test]
    fn what_changed_is_shown_even_if_there_is_much() {
        let many: Vec<Variable> =
            (0..30).flat_map(|number| variables(&[(&format!("v{number}"), "0", "int")])).collect();
        let mut before = many.clone();
        before[27].value = Some("1".to_owned());
        let place = Place { path: "f.py", function: "f", line: Some(1) };
        let shown = Variables { arguments: &[], locals: &many, before: Some(&before) };
        let source = ["pass".to_owned()];
        let text = view(&View {
            place,
            source: &source,
            breakpoints: &[],
            variables: shown,
            columns: 40,
            rows: 9,
            style: Style::Plain,
        });
        insta::assert_snapshot!(text, @r#"
        f.py:1 f
          1  -> pass
          v0  = 0
          v1  = 0
          v2  = 0
        * v27 = 0
          ... and 26 more
        "#);
    }
}
