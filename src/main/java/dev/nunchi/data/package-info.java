/// Labelled texts in files: read, mapped to labels, split, looked over, written. Files come in,
/// [Example]s go out. Start at [ExampleReader]; [DataReport] says what data holds.
@NullMarked
package dev.nunchi.data;

import org.jspecify.annotations.NullMarked;
