// Pictures as files, one an image or more, named by its key.
#pragma once

#include <string>

namespace lip::image {

// FOLDER/KEY.png. Slashes of the key make folders; empty parts of it are left out; "." and "..",
// percent signs and control characters become %XX, so that no key leaves the folder.
std::string picture_path(const std::string& folder, const std::string& key);

// Makes folders where they are missing. Throws DataError if the file exists and may not be
// replaced, or cannot be written.
void write_picture(const std::string& path, const std::string& bytes, bool force);

}  // namespace lip::image
