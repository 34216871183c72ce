"""Where people live, by country: cities with what belongs to them, streets, company forms."""

# ruff: noqa: RUF001  Letters that look like others are what names are spelled with.

from collections.abc import Sequence
from typing import NamedTuple


class Country(NamedTuple):
    """One country: `share` is how many of a hundred customers live there.

    In `cities`, each line is city, state, postal code and phone, `#` a digit and `@` a letter.
    """

    name: str
    share: int
    language: str
    streets: Sequence[str]
    cities: Sequence[tuple[str, str | None, str, str]]
    company_forms: Sequence[str]
    tax_id: str


def _country(head: str, streets: str, cities: str, companies: str) -> Country:
    name, share, language = head.split(", ")
    rows = [line.strip().split("; ") for line in cities.strip().splitlines()]
    *forms, tax_id = companies.split(", ")
    return Country(
        name,
        int(share),
        language,
        tuple(streets.split(", ")),
        tuple(
            (city, state if state != "-" else None, code, tel) for city, state, code, tel in rows
        ),
        tuple(forms),
        tax_id,
    )


COUNTRIES: Sequence[Country] = (
    _country(
        "USA, 26, en",
        "%d Main Street, %d Oak Avenue, %d Maple Drive, %d Cedar Lane, %d Washington Boulevard, "
        "%d Park Place, %d Sunset Road, %d Lincoln Way, %d N 5th Street, %d River Road",
        """New York; NY; 100##; +1 212 555 ####
        Brooklyn; NY; 112##; +1 718 555 ####
        Los Angeles; CA; 900##; +1 213 555 ####
        San Francisco; CA; 941##; +1 415 555 ####
        San José; CA; 951##; +1 408 555 ####
        Chicago; IL; 606##; +1 312 555 ####
        Houston; TX; 770##; +1 713 555 ####
        Austin; TX; 787##; +1 512 555 ####
        Seattle; WA; 981##; +1 206 555 ####
        Boston; MA; 021##; +1 617 555 ####
        Miami; FL; 331##; +1 305 555 ####""",
        "Inc., LLC, & Sons, Group, ##-#######",
    ),
    _country(
        "United Kingdom, 11, en",
        "%d High Street, %d Station Road, %d Church Lane, %d Victoria Road, %d King's Road, "
        "%d The Crescent, %d Mill Lane, %d Queensway",
        """London; England; SW1A #@@; +44 20 7946 ####
        London; England; E1 #@@; +44 20 7946 ####
        Manchester; England; M1 #@@; +44 161 496 ####
        Birmingham; England; B2 #@@; +44 121 496 ####
        Edinburgh; Scotland; EH1 #@@; +44 131 496 ####
        Glasgow; Scotland; G2 #@@; +44 141 496 ####
        Cardiff; Wales; CF10 #@@; +44 29 2018 ####
        Belfast; Northern Ireland; BT1 #@@; +44 28 9649 ####""",
        "Ltd, LLP, & Co., GB#########",
    ),
    _country(
        "Germany, 13, de",
        "Hauptstraße %d, Bahnhofstraße %d, Gartenweg %d, Schillerstraße %d, Goethestraße %d, "
        "Am Markt %d, Lindenallee %d, Mühlenweg %d, Theodor-Heuss-Straße %d",
        """Berlin; Berlin; 10###; +49 30 #######
        Hamburg; Hamburg; 20###; +49 40 #######
        München; Bayern; 80###; +49 89 #######
        Köln; Nordrhein-Westfalen; 50###; +49 221 ######
        Düsseldorf; Nordrhein-Westfalen; 40###; +49 211 ######
        Stuttgart; Baden-Württemberg; 70###; +49 711 ######
        Frankfurt am Main; Hessen; 60###; +49 69 #######
        Leipzig; Sachsen; 04###; +49 341 ######
        Nürnberg; Bayern; 90###; +49 911 ######""",
        "GmbH, AG, KG, & Söhne, DE#########",
    ),
    _country(
        "France, 9, fr",
        "%d rue de la République, %d avenue Victor Hugo, %d rue de l'Église, %d place du Marché, "
        "%d boulevard Voltaire, %d chemin des Écoliers, %d allée des Tilleuls",
        """Paris; Île-de-France; 750##; +33 1 99 00 ## ##
        Lyon; Auvergne-Rhône-Alpes; 690##; +33 4 65 71 ## ##
        Marseille; Provence-Alpes-Côte d'Azur; 130##; +33 4 65 71 ## ##
        Nantes; Pays de la Loire; 440##; +33 2 61 91 ## ##
        Besançon; Bourgogne-Franche-Comté; 250##; +33 3 53 01 ## ##""",
        "SARL, SAS, et Fils, FR###########",
    ),
    _country(
        "Canada, 6, en",
        "%d Maple Street, %d rue Sainte-Catherine, %d King Street W, %d Portage Avenue, "
        "%d chemin du Lac, %d Granville Street",
        """Toronto; ON; M5V #@#; +1 416 555 ####
        Montréal; QC; H3A #@#; +1 514 555 ####
        Québec; QC; G1R #@#; +1 418 555 ####
        Vancouver; BC; V6B #@#; +1 604 555 ####
        Halifax; NS; B3J #@#; +1 902 555 ####""",
        "Inc., Ltée, Ltd., #########RT0001",
    ),
    _country(
        "Spain, 6, es",
        "Calle Mayor %d, Avenida de la Constitución %d, Plaza de España %d, Calle del Río %d, "
        "Paseo de Gracia %d, Calle Núñez de Balboa %d",
        """Madrid; Madrid; 280##; +34 91 ### ## ##
        Barcelona; Cataluña; 080##; +34 93 ### ## ##
        Valencia; Comunidad Valenciana; 460##; +34 96 ### ## ##
        Sevilla; Andalucía; 410##; +34 95 ### ## ##
        A Coruña; Galicia; 150##; +34 98 ### ## ##""",
        "S.L., S.A., e Hijos, ESB########",
    ),
    _country(
        "Italy, 5, it",
        "Via Roma %d, Via Garibaldi %d, Corso Italia %d, Piazza della Libertà %d, Via Dante %d",
        """Roma; Lazio; 001##; +39 06 ########
        Milano; Lombardia; 201##; +39 02 ########
        Napoli; Campania; 801##; +39 081 #######
        Forlì; Emilia-Romagna; 471##; +39 0543 ######""",
        "S.r.l., S.p.A., e Figli, IT###########",
    ),
    _country(
        "Netherlands, 4, nl",
        "Kerkstraat %d, Dorpsstraat %d, Molenweg %d, Prinsengracht %d, Stationsplein %d",
        """Amsterdam; Noord-Holland; 10## @@; +31 20 ### ####
        Utrecht; Utrecht; 35## @@; +31 30 ### ####
        's-Hertogenbosch; Noord-Brabant; 52## @@; +31 73 ### ####""",
        "B.V., N.V., & Zn., NL#########B01",
    ),
    _country(
        "Sweden, 3, sv",
        "Storgatan %d, Drottninggatan %d, Kungsgatan %d, Björkvägen %d, Östra Hamngatan %d",
        """Stockholm; Stockholms län; 11# ##; +46 8 ### ## ##
        Göteborg; Västra Götalands län; 41# ##; +46 31 ### ## ##
        Umeå; Västerbottens län; 90# ##; +46 90 ### ## ##""",
        "AB, HB, & Söner, SE##########01",
    ),
    _country(
        "Poland, 3, pl",
        "ul. Polna %d, ul. Leśna %d, ul. Słoneczna %d, al. Jana Pawła II %d, ul. Kościuszki %d",
        """Warszawa; mazowieckie; 00-###; +48 22 ### ## ##
        Kraków; małopolskie; 30-###; +48 12 ### ## ##
        Łódź; łódzkie; 90-###; +48 42 ### ## ##
        Gdańsk; pomorskie; 80-###; +48 58 ### ## ##""",
        "Sp. z o.o., S.A., i Synowie, PL##########",
    ),
    _country(
        "Greece, 1, el",
        "Ερμού %d, Πανεπιστημίου %d, Τσιμισκή %d, Ελευθερίου Βενιζέλου %d",
        """Αθήνα; Αττική; 10# ##; +30 21 #### ####
        Θεσσαλονίκη; Κεντρική Μακεδονία; 54# ##; +30 231 ### ####""",
        "ΑΕ, ΕΠΕ, EL#########",
    ),
    _country(
        "Turkey, 2, tr",
        "Atatürk Caddesi No: %d, İstiklal Caddesi No: %d, Gül Sokak No: %d, Çınar Sokak No: %d",
        """İstanbul; İstanbul; 34###; +90 212 ### ## ##
        İzmir; İzmir; 35###; +90 232 ### ## ##""",
        "A.Ş., Ltd. Şti., TR##########",
    ),
    _country(
        "Brazil, 5, pt",
        "Rua das Flores %d, Avenida Paulista %d, Rua São João %d, Avenida Atlântica %d, Rua XV %d",
        """São Paulo; SP; 01###-###; +55 11 9####-####
        Rio de Janeiro; RJ; 20###-###; +55 21 9####-####
        Brasília; DF; 70###-###; +55 61 9####-####
        Belo Horizonte; MG; 30###-###; +55 31 9####-####
        São José dos Campos; SP; 12###-###; +55 12 9####-####""",
        "Ltda., S.A., e Filhos, ##.###.###/0001-##",
    ),
    _country(
        "Mexico, 2, es",
        "Avenida Reforma %d, Calle Hidalgo %d, Avenida Juárez %d, Calle 5 de Mayo %d",
        """Ciudad de México; CDMX; 06###; +52 55 #### ####
        Mérida; Yucatán; 97###; +52 999 ### ####""",
        "S.A. de C.V., y Hermanos, @@@######@@#",
    ),
    _country(
        "India, 2, hi",
        "%d MG Road, %d Nehru Marg, %d Gandhi Nagar, %d Brigade Road, %d Station Road",
        """Mumbai; Maharashtra; 4000##; +91 22 #### ####
        Bengaluru; Karnataka; 5600##; +91 80 #### ####""",
        "Pvt. Ltd., & Sons, ##@@@@@####@1Z#",
    ),
    _country(
        "Japan, 2, ja",
        "%d Chūō-dōri, %d Sakura-machi, %d Honchō, %d Midori-ku",
        """Tōkyō; -; 100-####; +81 3 #### ####
        Kyōto; -; 600-####; +81 75 ### ####""",
        "K.K., G.K., T#############",
    ),
)
