/// Labelled texts in files: read, mapped to labels, split. Start at [ExampleReader].
@NullMarked
package dev.nunchi.data;

import org.jspecify.annotations.NullMarked;
