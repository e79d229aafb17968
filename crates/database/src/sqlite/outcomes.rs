//! Outputs, and what became of each picture that they ask for.
//!
//! The rows are the one truth: a job's outcomes are read back from them.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use stillframe_domain::outcome::{PictureResult, Sheet};
use stillframe_domain::{
    Failure, MediaTime, Output, OutputId, OutputOutcome, PictureOutcome, PixelSize, Taken,
};

use super::error::{at, unexpected};
use super::rows::{Row, json_list, read_all, stored_count};
use super::writer::Tx;
use crate::{Result, stored};

/// An output of a job, with its outcome once there is one.
pub(super) struct ReadOutput {
    pub(super) job_seq: i64,
    pub(super) output: Output,
    pub(super) outcome: Option<OutputOutcome>,
}

/// Writes what became of an output of a job.
pub(super) async fn insert(tx: &mut Tx, job_seq: i64, outcome: &OutputOutcome) -> Result<()> {
    const DOING: &str = "outputs::end";
    let seq: Option<i64> = sqlx::query_scalar(
        "UPDATE outputs SET is_ended = 1, vtt_key = ?, failure = ? WHERE id = ? AND job_seq = ? RETURNING seq",
    )
    .bind(&outcome.vtt_key)
    .bind(stored::optional_document(DOING, outcome.failure.as_ref())?)
    .bind(outcome.output_id.as_str())
    .bind(job_seq)
    .fetch_optional(tx.connection())
    .await
    .map_err(at(DOING))?;
    let Some(seq) = seq else {
        return Err(unexpected(DOING, format_args!("{} is no output of its job", outcome.output_id)));
    };
    insert_pictures(tx, seq, &outcome.pictures).await?;
    insert_sheets(tx, seq, &outcome.sheets).await
}

/// All pictures in one statement: an output may have ten thousand of them.
async fn insert_pictures(tx: &mut Tx, output_seq: i64, pictures: &[PictureOutcome]) -> Result<()> {
    const DOING: &str = "pictures::insert";
    if pictures.is_empty() {
        return Ok(());
    }
    let rows: Vec<PictureRow<'_>> = pictures.iter().map(PictureRow::of).collect();
    sqlx::query(
        "INSERT INTO pictures (output_seq, position, offset_ms, status, code, message, pts_ms, number,
             object_key, width_px, height_px, size_bytes)
         SELECT ?, key, value ->> 'offset_ms', value ->> 'status', value ->> 'code', value ->> 'message',
             value ->> 'pts_ms', value ->> 'number', value ->> 'object_key', value ->> 'width_px',
             value ->> 'height_px', value ->> 'size_bytes'
         FROM json_each(?)",
    )
    .bind(output_seq)
    .bind(json_list(DOING, &rows)?)
    .execute(tx.connection())
    .await
    .map_err(at(DOING))?;
    Ok(())
}

async fn insert_sheets(tx: &mut Tx, output_seq: i64, sheets: &[Sheet]) -> Result<()> {
    const DOING: &str = "sheets::insert";
    for (position, sheet) in (0_i64..).zip(sheets) {
        sqlx::query(
            "INSERT INTO sheets (output_seq, position, number, object_key, width_px, height_px,
                 cell_width_px, cell_height_px, size_bytes)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(output_seq)
        .bind(position)
        .bind(sheet.number)
        .bind(&sheet.key)
        .bind(sheet.size.width_px)
        .bind(sheet.size.height_px)
        .bind(sheet.cell.width_px)
        .bind(sheet.cell.height_px)
        .bind(stored_count(sheet.size_bytes))
        .execute(tx.connection())
        .await
        .map_err(at(DOING))?;
    }
    Ok(())
}

/// The outputs of some jobs, in the order in which each job has them.
pub(super) async fn list(connection: &mut SqliteConnection, job_seqs: &[i64]) -> Result<Vec<ReadOutput>> {
    const DOING: &str = "outputs::list";
    let job_seqs = json_list(DOING, job_seqs)?;
    let rows = sqlx::query(
        "SELECT outputs.* FROM json_each(?) AS job JOIN outputs ON outputs.job_seq = job.value
         ORDER BY outputs.seq",
    )
    .bind(job_seqs)
    .fetch_all(&mut *connection)
    .await
    .map_err(at(DOING))?;
    let ended: Vec<i64> = read_all(&rows, DOING, |row| Ok((row.get("is_ended")?, row.get("seq")?)))?
        .into_iter()
        .filter_map(|(is_ended, seq): (bool, i64)| is_ended.then_some(seq))
        .collect();
    let mut parts = Parts::default();
    if !ended.is_empty() {
        let ended = json_list(DOING, &ended)?;
        parts.pictures = grouped(connection, "pictures::list", PICTURES, &ended, read_picture).await?;
        parts.sheets = grouped(connection, "sheets::list", SHEETS, &ended, read_sheet).await?;
    }
    rows.iter().map(|row| read_output(Row::new(row, DOING), &mut parts)).collect()
}

const PICTURES: &str = "SELECT pictures.* FROM json_each(?) AS output JOIN pictures
    ON pictures.output_seq = output.value ORDER BY pictures.output_seq, pictures.position";
const SHEETS: &str = "SELECT sheets.* FROM json_each(?) AS output JOIN sheets
    ON sheets.output_seq = output.value ORDER BY sheets.output_seq, sheets.position";

/// Pictures and sheets by the number of their output.
#[derive(Default)]
struct Parts {
    pictures: HashMap<i64, Vec<PictureOutcome>>,
    sheets: HashMap<i64, Vec<Sheet>>,
}

async fn grouped<T>(
    connection: &mut SqliteConnection,
    doing: &'static str,
    statement: &'static str,
    output_seqs: &str,
    read: fn(Row<'_>) -> Result<T>,
) -> Result<HashMap<i64, Vec<T>>> {
    let rows: Vec<SqliteRow> =
        sqlx::query(statement).bind(output_seqs).fetch_all(connection).await.map_err(at(doing))?;
    let mut groups: HashMap<i64, Vec<T>> = HashMap::new();
    for row in &rows {
        let row = Row::new(row, doing);
        groups.entry(row.get("output_seq")?).or_default().push(read(row)?);
    }
    Ok(groups)
}

fn read_output(row: Row<'_>, parts: &mut Parts) -> Result<ReadOutput> {
    let (seq, is_ended): (i64, bool) = (row.get("seq")?, row.get("is_ended")?);
    let output = Output {
        id: row.id("id", OutputId::parse)?,
        kind: row.variant("kind")?,
        template: row.optional_document("template")?,
        spec: row.document("spec")?,
    };
    let outcome = OutputOutcome {
        output_id: output.id.clone(),
        pictures: parts.pictures.remove(&seq).unwrap_or_default(),
        sheets: parts.sheets.remove(&seq).unwrap_or_default(),
        vtt_key: row.get("vtt_key")?,
        failure: row.optional_document("failure")?,
    };
    Ok(ReadOutput { job_seq: row.get("job_seq")?, output, outcome: is_ended.then_some(outcome) })
}

fn read_picture(row: Row<'_>) -> Result<PictureOutcome> {
    let result = match row.get("status")? {
        "ok" => PictureResult::Ok(Taken {
            pts: MediaTime::from_millis(row.get("pts_ms")?),
            number: row.number("number")?,
            key: row.get("object_key")?,
            size: read_size(row, "width_px", "height_px")?,
            size_bytes: row.number("size_bytes")?,
        }),
        _ => PictureResult::Failed(Failure { code: row.variant("code")?, message: row.get("message")? }),
    };
    let offset: Option<i64> = row.get("offset_ms")?;
    Ok(PictureOutcome { offset: offset.map(MediaTime::from_millis), result })
}

fn read_sheet(row: Row<'_>) -> Result<Sheet> {
    Ok(Sheet {
        number: row.number("number")?,
        key: row.get("object_key")?,
        size: read_size(row, "width_px", "height_px")?,
        cell: read_size(row, "cell_width_px", "cell_height_px")?,
        size_bytes: row.number("size_bytes")?,
    })
}

fn read_size(row: Row<'_>, width: &'static str, height: &'static str) -> Result<PixelSize> {
    Ok(PixelSize { width_px: row.number(width)?, height_px: row.number(height)? })
}

/// A row of `pictures` as the statement that inserts it takes it.
#[derive(Default, Serialize)]
struct PictureRow<'a> {
    offset_ms: Option<i64>,
    status: &'static str,
    code: Option<&'static str>,
    message: Option<&'a str>,
    pts_ms: Option<i64>,
    number: Option<u32>,
    object_key: Option<&'a str>,
    width_px: Option<u32>,
    height_px: Option<u32>,
    size_bytes: Option<u64>,
}

impl<'a> PictureRow<'a> {
    fn of(picture: &'a PictureOutcome) -> Self {
        let offset_ms = picture.offset.map(MediaTime::as_millis);
        match &picture.result {
            PictureResult::Ok(taken) => Self {
                offset_ms,
                status: "ok",
                pts_ms: Some(taken.pts.as_millis()),
                number: Some(taken.number),
                object_key: Some(&taken.key),
                width_px: Some(taken.size.width_px),
                height_px: Some(taken.size.height_px),
                size_bytes: Some(taken.size_bytes),
                ..Self::default()
            },
            PictureResult::Failed(failure) => Self {
                offset_ms,
                status: "failed",
                code: Some(failure.code.name()),
                message: Some(&failure.message),
                ..Self::default()
            },
        }
    }
}
