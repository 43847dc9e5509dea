#pragma once

#include "record/record.h"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace lip::cmd {

// The captions that --sources chooses, and what the data had instead.
class SourceFilter {
public:
    // `wanted`: SOURCE or SOURCE:FORM each; empty: all captions. Throws UsageError for an entry
    // without a source.
    explicit SourceFilter(std::vector<std::string> wanted);

    bool takes(const record::Caption& caption) const;

    // Remembers the sources of a record. Any thread may call it.
    void note(const record::Record& record);

    // After the last record: throws DataError if no caption was taken, warns of an entry that took
    // none. Both list what the data has.
    void check() const;

private:
    std::vector<std::string> wanted_;
    std::mutex mutex_;
    std::map<std::string, bool> seen_;  // SOURCE:FORM of every caption; true: taken
};

}  // namespace lip::cmd
