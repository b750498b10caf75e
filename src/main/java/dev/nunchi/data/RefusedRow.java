package dev.nunchi.data;

import dev.nunchi.NunchiException;

/// A row that holds no text as it stands; the rows after it can be read.
///
/// @param why names file, line and what was expected
public record RefusedRow(long line, NunchiException why) implements TextRow {}
