//! A role's tables as lines of JSON, to move them from one engine to the other.
//!
//! A row is what its engine makes of it (`to_jsonb`, `json_object`), with bytes as `\x` and hex digits. To read it on the
//! other engine takes the types of both: PostgreSQL's say which texts are times, JSON or bytes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Error, Tx, on};

/// Diesel's own list of what was migrated.
const VERSIONS: &str = "__diesel_schema_migrations";

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, by name, each with its engine's type.
    pub columns: BTreeMap<String, String>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Tx {
    /// The lines of a query with one column of that name.
    async fn lines(&mut self, query: &str) -> Result<Vec<String>, Error> {
        let query = diesel::sql_query(query);
        let lines = on!(self, c => query.load::<Line>(c).await)?;
        Ok(lines.into_iter().map(|line| line.line).collect())
    }

    fn is_postgres(&mut self) -> bool {
        matches!(self.connection(), crate::tx::Connection::Pg(_))
    }

    /// The versions that the schema was migrated to, in their order.
    ///
    /// # Errors
    /// As any query.
    pub async fn versions(&mut self) -> Result<Vec<String>, Error> {
        self.lines(&format!(
            "SELECT version AS line FROM {VERSIONS} ORDER BY version"
        ))
        .await
    }

    /// The role's tables, each after those that it refers to.
    ///
    /// # Errors
    /// As any query.
    pub async fn tables(&mut self) -> Result<Vec<Table>, Error> {
        let is_postgres = self.is_postgres();
        let columns = match is_postgres {
            true => {
                "SELECT table_name || ' ' || column_name || ' ' || udt_name AS line FROM information_schema.columns \
                 JOIN information_schema.tables USING (table_schema, table_name) \
                 WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
            }
            false => {
                "SELECT m.name || ' ' || c.name || ' ' || lower(c.type) AS line FROM sqlite_master m, \
                 pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
            }
        };
        let refers = match is_postgres {
            true => {
                "SELECT f.relname || ' ' || t.relname AS line FROM pg_constraint k \
                 JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid \
                 JOIN pg_namespace n ON n.oid = f.relnamespace \
                 WHERE k.contype = 'f' AND n.nspname = current_schema()"
            }
            false => {
                "SELECT m.name || ' ' || f.\"table\" AS line FROM sqlite_master m, \
                 pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
            }
        };
        let mut tables: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for line in self.lines(columns).await? {
            let mut words = line.split(' ').map(str::to_owned);
            let (Some(table), Some(column)) = (words.next(), words.next()) else {
                continue;
            };
            if table != VERSIONS {
                let kind = words.next().unwrap_or_default();
                tables.entry(table).or_default().insert(column, kind);
            }
        }
        let refers = self.lines(refers).await?;
        let refers: Vec<(&str, &str)> = refers.iter().filter_map(|it| it.split_once(' ')).collect();
        let mut ordered: Vec<Table> = Vec::new();
        while !tables.is_empty() {
            let known: BTreeSet<&str> = ordered.iter().map(|table| table.name.as_str()).collect();
            let is_free = |name: &str| {
                let mut of = refers
                    .iter()
                    .filter(|(from, to)| *from == name && from != to);
                of.all(|(_, to)| known.contains(to))
            };
            // A circle would have no beginning; there is none, and an import would say so.
            let next = tables.keys().find(|name| is_free(name));
            let next = next.or_else(|| tables.keys().next()).cloned();
            if let Some((name, columns)) = next.and_then(|name| tables.remove_entry(&name)) {
                ordered.push(Table { name, columns });
            }
        }
        Ok(ordered)
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// As any query.
    pub async fn count(&mut self, table: &Table) -> Result<u64, Error> {
        let name = quoted(&table.name);
        let lines = self
            .lines(&format!(
                "SELECT CAST(count(*) AS text) AS line FROM {name}"
            ))
            .await?;
        Ok(lines
            .first()
            .and_then(|line| line.parse().ok())
            .unwrap_or_default())
    }

    /// Rows of a table in an order that does not change, from `offset` on.
    ///
    /// # Errors
    /// As any query.
    pub async fn rows(
        &mut self,
        table: &Table,
        offset: u64,
        limit: u64,
    ) -> Result<Vec<String>, Error> {
        let (name, row) = (quoted(&table.name), self.line_of(table));
        // A scan of PostgreSQL's may begin anywhere.
        let order = if self.is_postgres() {
            "ORDER BY ctid"
        } else {
            ""
        };
        let query =
            format!("SELECT {row} AS line FROM {name} t {order} LIMIT {limit} OFFSET {offset}");
        self.lines(&query).await
    }

    /// The rows of a table that have one of these texts in a column; none where the table has no such column.
    ///
    /// # Errors
    /// As any query.
    pub async fn rows_with(
        &mut self,
        table: &Table,
        column: &str,
        values: &[String],
    ) -> Result<Vec<String>, Error> {
        if values.is_empty() || !table.columns.contains_key(column) {
            return Ok(Vec::new());
        }
        let (name, row) = (quoted(&table.name), self.line_of(table));
        let literal = |value: &String| format!("'{}'", value.replace('\'', "''").replace('\0', ""));
        let values: Vec<String> = values.iter().map(literal).collect();
        let query = format!(
            "SELECT {row} AS line FROM {name} t WHERE {} IN ({})",
            quoted(column),
            values.join(", ")
        );
        self.lines(&query).await
    }

    /// What makes a line of JSON of a row.
    fn line_of(&mut self, table: &Table) -> String {
        match self.is_postgres() {
            true => "CAST(to_jsonb(t) AS text)".to_owned(),
            false => {
                let pair = |(column, kind): (&String, &String)| {
                    let column = quoted(column);
                    let value = match kind.as_str() {
                        "blob" => format!(
                            "CASE WHEN {column} IS NULL THEN NULL ELSE '\\x' || lower(hex({column})) END"
                        ),
                        _ => column.clone(),
                    };
                    format!("'{}', {value}", column.trim_matches('"'))
                };
                let pairs: Vec<_> = table.columns.iter().map(pair).collect();
                format!("json_object({})", pairs.join(", "))
            }
        }
    }

    /// Adds a row that was read from `source`, which may be the other engine's table, to `target`.
    ///
    /// # Errors
    /// As any query; [`Error::Config`] when the row is not one of such a table.
    pub async fn add_row(
        &mut self,
        source: &Table,
        target: &Table,
        line: &str,
    ) -> Result<(), Error> {
        let wrong = |what: String| Error::Config(format!("a row of {}: {what}", source.name));
        let row: Map<String, Value> =
            serde_json::from_str(line).map_err(|e| wrong(e.to_string()))?;
        let mut here = Map::new();
        for (column, value) in row {
            let to = target.columns.get(&column);
            let to = to.ok_or_else(|| wrong(format!("there is no column {column} here")))?;
            let from = source.columns.get(&column).map_or("", String::as_str);
            let value =
                converted(from, to, value).map_err(|what| wrong(format!("{column} {what}")))?;
            here.insert(column, value);
        }
        let columns: Vec<_> = here.keys().map(|column| quoted(column)).collect();
        let name = quoted(&target.name);
        let query = match self.is_postgres() {
            true => format!(
                "INSERT INTO {name} ({columns}) SELECT {columns} FROM jsonb_populate_record(NULL::{name}, CAST($1 AS jsonb))",
                columns = columns.join(", ")
            ),
            false => {
                let value = |column: &String| {
                    let value = format!("json_extract(?1, '$.{column}')");
                    match target.columns.get(column).map(String::as_str) {
                        Some("blob") => format!("unhex(substr({value}, 3))"),
                        _ => value,
                    }
                };
                let values: Vec<_> = here.keys().map(value).collect();
                format!(
                    "INSERT INTO {name} ({}) SELECT {}",
                    columns.join(", "),
                    values.join(", ")
                )
            }
        };
        let line = serde_json::to_string(&here).map_err(|e| wrong(e.to_string()))?;
        let query = diesel::sql_query(query).bind::<Text, _>(line);
        on!(self, c => query.execute(c).await)?;
        Ok(())
    }
}

/// A value of a column's type as the other engine's column takes it.
fn converted(from: &str, to: &str, value: Value) -> Result<Value, String> {
    let is_sqlite = |kind: &str| matches!(kind, "text" | "integer" | "blob" | "real");
    Ok(match (to, from, value) {
        (_, _, Value::Null) => Value::Null,
        // To PostgreSQL: its own types say what a text is.
        ("jsonb", "text", Value::String(text)) => {
            serde_json::from_str(&text).map_err(|e| format!("is no JSON: {e}"))?
        }
        ("bool", "integer", Value::Number(n)) => Value::Bool(n.as_i64() != Some(0)),
        // To SQLite: the other's types say it.
        ("text", "timestamptz", Value::String(text)) => {
            let time =
                DateTime::parse_from_rfc3339(&text).map_err(|e| format!("is no time: {e}"))?;
            let time = time.with_timezone(&Utc);
            Value::String(time.to_rfc3339_opts(SecondsFormat::Micros, true))
        }
        ("text", "jsonb", value) => Value::String(value.to_string()),
        ("integer", "bool", Value::Bool(yes)) => Value::from(i64::from(yes)),
        (to, from, value)
            if is_sqlite(to) == is_sqlite(from) || !is_sqlite(to) || !value.is_object() =>
        {
            value
        }
        (to, from, _) => return Err(format!("of type {from} cannot become {to}")),
    })
}

/// A name in quotes: `number` and `at` mean something else.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', ""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn value_is_converted_to_the_other_engine_and_back() {
        for (lite, small, pg, large) in [
            ("text", json!("{\"a\": [1]}"), "jsonb", json!({"a": [1]})),
            ("integer", json!(1), "bool", json!(true)),
            ("text", json!("x"), "text", json!("x")),
            ("blob", json!("\\x00ff"), "bytea", json!("\\x00ff")),
            ("integer", json!(7), "int8", json!(7)),
        ] {
            assert_eq!(converted(lite, pg, small.clone()), Ok(large.clone()));
            let back = converted(pg, lite, large).unwrap();
            let same = |value: &Value| match value.as_str().map(serde_json::from_str) {
                Some(Ok(read)) => read,
                _ => value.clone(),
            };
            assert_eq!(same(&back), same(&small), "{pg}");
        }
        let time = json!("2026-11-29T14:00:00.5+01:00");
        assert_eq!(
            converted("timestamptz", "text", time),
            Ok(json!("2026-11-29T13:00:00.500000Z"))
        );
        assert_eq!(converted("jsonb", "text", Value::Null), Ok(Value::Null));
        assert!(converted("text", "jsonb", json!("{")).is_err());
    }
}
