#' The Twins study: gut microbiota of lean, obese and overweight twins
#'
#' Counts of bacterial genera in faecal samples of adult female twin pairs
#' and their mothers, and each sample's class of body mass index. It is the
#' data set on which Holmes, Harris and Quince (2012) introduced
#' Dirichlet-multinomial mixtures for microbial counts. Names and values are
#' those of the `Twins` files in the \pkg{DirichletMultinomial} package,
#' here with the samples in rows, as [dmn()] takes them.
#'
#' @format
#' `twins` is an integer matrix of 278 samples (rows, named by sample) by
#' 130 genera (columns, named by genus): the number of 16S rRNA reads
#' assigned to each genus. Samples hold between 53 and 10,585 reads, 570,851
#' in all; 78 % of the entries are zero. Most people were sampled twice; the
#' second sample's name ends in `.2`. The column `Uknown`, spelt so in the
#' source, holds the reads that were assigned to no genus.
#'
#' `twinsBMI` is a factor of length 278 with levels `Lean` (61 samples),
#' `Obese` (193) and `Overwt` (24), named by sample, in the order of the
#' rows of `twins`.
#'
#' The script `data-raw/twins.R` in the package's sources makes both from two
#' text files, which are installed with the package. The counts are in
#' `system.file("extdata", "Twins.csv", package = "dmmomp")`, the classes of
#' body mass index in `twins_bmi.csv` in the same directory.
#'
#' @source
#' Turnbaugh PJ, Hamady M, Yatsunenko T, Cantarel BL, Duncan A, Ley RE,
#' Sogin ML, Jones WJ, Roe BA, Affourtit JP, Egholm M, Henrissat B, Heath AC,
#' Knight R, Gordon JI (2009). A core gut microbiome in obese and lean twins.
#' *Nature* 457, 480-484. \doi{10.1038/nature07540}
#'
#' @references
#' Holmes I, Harris K, Quince C (2012). Dirichlet multinomial mixtures:
#' generative models for microbial metagenomics. *PLoS ONE* 7(2), e30126.
#' \doi{10.1371/journal.pone.0030126}
#'
#' @examples
#' dim(twins)
#' twins[1:3, c("Bacteroides", "Faecalibacterium", "Prevotella")]
#' table(twinsBMI)
#' identical(names(twinsBMI), rownames(twins))
#'
#' @docType data
#' @keywords datasets
#' @name twins
#' @aliases twins twinsBMI
#' @export twins
"twins"

#' @rdname twins
#' @export twinsBMI
"twinsBMI"
