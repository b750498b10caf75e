/// The commands of `nunchi`; assembly only.
@NullMarked
package dev.nunchi.cli;

import org.jspecify.annotations.NullMarked;
