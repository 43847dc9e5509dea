#pragma once

#include "cli/tool.h"
#include "cmd/groups/groups.h"
#include "eval/classes.h"
#include "eval/retrieval.h"

#include <string>

namespace lip::cmd {

// Settings of zeroshot. The values here are the defaults.
struct ZeroshotOptions {
    cli::Common common;
    record::StreamSettings stream;
    std::string image_root;
    eval::EmbedderSettings model;
    eval::ClassSettings classes;
    RegionSettings regions;
    eval::TemplateAverage template_average = eval::TemplateAverage::kQuery;
    std::string labels = "record";
    eval::Ties ties = eval::Ties::kPessimistic;
    std::string confusion;  // file
    ResultSettings results;

    const char* average_word() const {
        return template_average == eval::TemplateAverage::kQuery ? "query" : "score";
    }
};

cli::Tool zeroshot_tool(ZeroshotOptions& options);
int zeroshot(const ZeroshotOptions& options);

}  // namespace lip::cmd
