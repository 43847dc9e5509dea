// What may stand behind the end of a sentence and belongs to it: emoji, smileys, marks of markdown,
// closing tags, hashtags, addresses.
#pragma once

#include <cstddef>
#include <string_view>

namespace lip::text {

// The end of the decoration at `pos`, which lies behind the marks and closing quotes of the
// sentence that begins at `begin`; `pos` if there is none. It stays in the line. Hashtags and
// addresses before a lower-case word open the next sentence, and so does an emoji that this
// sentence began with, as bullets do. Looks at a bounded number of words.
std::size_t decoration_end(std::string_view text, std::size_t begin, std::size_t pos);

// `text` without what does not count at its end: white space, tokens, line tags, decoration.
// Closing quotes and brackets stay, those of markdown do not.
std::string_view without_decoration(std::string_view text);

}  // namespace lip::text
