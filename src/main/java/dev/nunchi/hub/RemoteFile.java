package dev.nunchi.hub;

/// A file as a server lists it.
///
/// @param name shown in sentences
/// @param size in bytes
record RemoteFile(String name, long size, ContentDigest digest) {}
