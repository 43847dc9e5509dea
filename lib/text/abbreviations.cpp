// The built-in word lists of the splitter: data only. How a word is written here says how it is
// met: see AbbreviationList.
#include "text/abbreviations.h"

namespace lip::text {
namespace {

constexpr AbbreviationList kLists[] = {
    // People, ranks, offices.
    {kTitle, "mr mrs ms mx messrs dr drs prof sra srta mme mlle msgr Rev Hon Fr Sr Pres Supt"},
    {kTitle, "Gen Col Capt Cpt Cmdr Cdr Lt Sgt Maj Brig Adm Cpl Pvt Pfc Sen Rep Gov Amb Insp Det"},
    // Before the name of a place or thing.
    {kTitle, "mt mtn Ft Pt approx appr ca cf vs viz i.e e.g incl excl esp a.k.a int'l intl natl"},
    // Before a number or a letter.
    {kNumber,
     "no nos nr num p pp pg vol vols fig figs ch chap sec sect eq b c d v ver vers n op apt"},
    {kNumber, "est abt rm ext tel ph bk"},
    // Measures, after a number.
    {kUnit,
     "in ft yd yds mi sq cu fl oz lb lbs pt pts qt gal gals tsp tbsp hr hrs min mins sec secs"},
    {kUnit, "mm cm km kg mg ml hp mph rpm wt doz yr yrs mo mos wk deg ea"},
    // Companies, offices, degrees.
    {kPlace,
     "co cos inc ltd llc corp bros assn assoc univ inst dept div mfg mfr jr snr esq pty plc"},
    {kPlace, "gmbh cie bldg dist govt ph.d m.d d.d.s b.a m.a b.sc m.sc ll.b ll.d d.phil"},
    // Places.
    {kPlace, "st ste ave av blvd rd ln hwy pkwy sq ct pl terr Dr Mts"},
    {kPlace, "Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky Md Mich Minn Mo Mont Neb Nev"},
    {kPlace, "Okla Ont Ore Penn Pa Que Tenn Tex Va Vt Wash Wis Wyo"},
    // Months and weekdays.
    {kPlace, "Jan Feb Apr Aug Sept Sep Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri"},
    {kLoose, "etc al misc ibid"},
    {kTime, "a.m p.m"},
    // Sentence starters: articles, pronouns, numbers, question words, prepositions, adverbs.
    {kStarter, "a an the this that these those it its he she they we you i his her their our my"},
    {kStarter, "your one two three four five six seven eight nine ten several some many most all"},
    {kStarter, "both each every another other others none no nobody nothing few here there what"},
    {kStarter, "who whose which where when why how did does do is are was were has have had can"},
    {kStarter, "could would should in on at to from of for with without within under underneath"},
    {kStarter, "above below behind beside besides between beyond near nearby next over across"},
    {kStarter, "along alongside against among amid around inside outside through throughout"},
    {kStarter, "toward towards by before after during until since while as if though although"},
    {kStarter, "because despite and but or so yet then now also however meanwhile additionally"},
    {kStarter, "moreover overall finally further furthermore altogether instead perhaps maybe"},
    {kStarter, "only just even still once upon not neither either its it's he's she's they're"},
    // Phrases that open a sentence with a time and have no verb.
    {kOpening, "at by on in from until till since before after around about near nearly almost"},
    {kOpening, "just every each the a an this that exactly shortly only between and to or early"},
    {kOpening, "late precisely promptly daily approximately roughly today tomorrow yesterday"},
    {kOpening, "tonight morning evening afternoon night noon midnight o'clock monday tuesday"},
    {kOpening, "wednesday thursday friday saturday sunday january february march april may june"},
    {kOpening, "july august september october november december"},
    {kAfterTime,
     "EST EDT CST CDT MST MDT PST PDT ET CT MT PT GMT UTC CET CEST BST IST JST Eastern"},
    {kAfterTime, "Central Mountain Pacific Greenwich Monday Tuesday Wednesday Thursday Friday"},
    {kAfterTime, "Saturday Sunday Daily Sharp Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun"},
    {kBangName, "Yahoo Jeopardy Yum Kahoot Joomla Wham Oklahoma Airplane Panic Rouge Dolly Mia"},
};

}  // namespace

std::span<const AbbreviationList> builtin_abbreviation_lists() {
    return kLists;
}

}  // namespace lip::text
