/** Small documents that hold what real ones hold, for mutations to begin with. */

const RECORD = `<record:record path="/0000-0002-1825-0097" xmlns:record="http://www.orcid.org/ns/record" xmlns:common="http://www.orcid.org/ns/common">
    <common:orcid-identifier>
        <common:path>0000-0002-1825-0097</common:path>
    </common:orcid-identifier>
    <person:person path="/0000-0002-1825-0097/person">
        <person:name visibility="public" path='0000-0002-1825-0097'>
            <personal-details:given-names>Josiah</personal-details:given-names>
            <personal-details:family-name>Carberry</personal-details:family-name>
        </person:name>
        <other-name:other-names path=""/>
    </person:person>
    <activities:activities-summary>
        <activities:employments>
            <activities:affiliation-group><employment:employment-summary put-code="1" display-index="0">
                <common:organization><common:name>Brown University &amp; others</common:name></common:organization>
            </employment:employment-summary></activities:affiliation-group>
            <activities:affiliation-group><employment:employment-summary put-code="2"/></activities:affiliation-group>
        </activities:employments>
        <activities:works/>
    </activities:activities-summary>
</record:record>`;

const PROJECT = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://cordis.europa.eu">
  <language>en</language><availableLanguages readOnly="true">en</availableLanguages>
  <objective>Café – naïve &lt;b&gt; &#233; &#x2013; “quoted”\r\n and a second line</objective>
  <relations><associations><organization order="1" type="coordinator"><legalName>Université</legalName></organization>
  <organization order="2"><legalName/></organization></associations></relations>
</project>
`;

const ODD = `<!-- a comment --><a x="1" xml:lang='de'>text<b/>more <b>1</b><!-- in it --> and <![CDATA[<c> & d]]><?go on?><é>ü</é>
<constructor a=""/><__proto__ b="c"/><x.y-z_1 a.b-c="&quot;q&quot; &apos;&#10;">  </x.y-z_1></a>`;

const MANY = `<root>${Array.from({ length: 30 }, (_, i) => `<item n="${String(i)}"><a><b>${'<b/>'.repeat(i % 4)}</b></a><title>t${String(i)}</title></item>`).join('\n')}</root>`;

const DEEP = `${'<d>'.repeat(60)}x${'</d>'.repeat(60)}`;

export const SEED_DOCUMENTS: readonly Buffer[] = [RECORD, PROJECT, ODD, MANY, DEEP, '<a/>', '<a b="c">d</a>'].map(
  (text) => Buffer.from(text),
);
