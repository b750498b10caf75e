/// Labelled texts in files: read, mapped to labels, split, written. Files come in, [Example]s go
/// out. Start at [ExampleReader].
@NullMarked
package dev.nunchi.data;

import org.jspecify.annotations.NullMarked;
