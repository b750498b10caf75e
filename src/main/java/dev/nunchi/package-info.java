/// The nouns that every stage shares: labels, and the reasons for which input is refused.
@NullMarked
package dev.nunchi;

import org.jspecify.annotations.NullMarked;
