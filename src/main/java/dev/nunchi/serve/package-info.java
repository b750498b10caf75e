/// The front ends, gRPC and REST, with health and metrics. The only package that serves them;
/// [dev.nunchi.bench] calls them.
@NullMarked
package dev.nunchi.serve;

import org.jspecify.annotations.NullMarked;
